-- movie_metrics_aggregated: momentum, trend, viral coefficient and outlook of each movie and day.
-- Windows are calendar days that end on the day; too few observations give NULL and the class
-- Insufficient history. Classes that would compare across a catalogue-wide shift are carried on
-- from before it. The requested days are replaced as a whole, in one statement.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.movie_metrics_aggregated AS stored
USING (
  WITH
  -- BigQuery bills each column for the days that are read of it, so three parts read what they
  -- need of as many days as they need. This one is classes and votes.
  points AS (
    SELECT
      snapshots.movie_id,
      snapshots.snapshot_date,
      COALESCE(snapshots.is_tracked, TRUE) AS is_tracked,
      snapshots.vote_count,
      snapshots.popularity_pct_change_1d,
      snapshots.popularity_change_7d,
      snapshots.popularity_pct_change_7d,
      UNIX_DATE(snapshots.snapshot_date) AS day,
      IF(snapshots.vote_count IS NULL, NULL, UNIX_DATE(snapshots.snapshot_date)) AS vote_day,
      signals.popularity_growth_7d,
      signals.popularity_growth_z
    FROM tmdb_analytics.movie_daily_snapshots AS snapshots
    LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
      ON
        snapshots.movie_id = signals.movie_id
        AND snapshots.snapshot_date = signals.calculation_date
        AND signals.calculation_date BETWEEN @first_class_day AND @to_date
    -- The references (9 days) of the first class and of the votes a week before.
    WHERE
      snapshots.snapshot_date
      BETWEEN DATE_SUB(
        LEAST(@first_class_day, DATE_SUB(@from_date, INTERVAL 7 DAY)), INTERVAL 9 DAY
      ) AND @to_date
  ),

  vote_references AS (
    SELECT
      *,
      LAST_VALUE(vote_count IGNORE NULLS) OVER week_before AS vote_count_7d_ago,
      LAST_VALUE(vote_day IGNORE NULLS) OVER week_before AS vote_day_7d_ago,
      LAST_VALUE(vote_count IGNORE NULLS) OVER fortnight_before AS vote_count_14d_ago,
      LAST_VALUE(vote_day IGNORE NULLS) OVER fortnight_before AS vote_day_14d_ago
    FROM points
    WINDOW
      week_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 9 PRECEDING AND 7 PRECEDING
      ),
      fortnight_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 16 PRECEDING AND 14 PRECEDING
      )
  ),

  rates AS (
    SELECT
      *,
      (vote_count - vote_count_7d_ago) / (day - vote_day_7d_ago) AS vote_velocity_7d,
      (vote_count_7d_ago - vote_count_14d_ago) / (vote_day_7d_ago - vote_day_14d_ago)
        AS vote_velocity_week_before
    FROM vote_references
  ),

  -- A one-day change reaches back 3 days and a week's 9: so long a shift distorts them. Momentum
  -- removes the day's median; 3 days cover what TMDB caches.
  shifts AS (
    SELECT
      snapshot_date,
      LOGICAL_OR(is_catalogue_shift) OVER (
        ORDER BY UNIX_DATE(snapshot_date) RANGE BETWEEN 2 PRECEDING AND CURRENT ROW
      ) AS is_shift_within_1d,
      LOGICAL_OR(is_catalogue_shift) OVER (
        ORDER BY UNIX_DATE(snapshot_date) RANGE BETWEEN 8 PRECEDING AND CURRENT ROW
      ) AS is_shift_within_7d
    FROM tmdb_analytics.catalogue_days
    -- 38 days: a class that is carried on (30 days back), and the shift before it (8).
    WHERE snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 38 DAY) AND @to_date
  ),

  classes AS (
    SELECT
      rates.*,
      COALESCE(shifts.is_shift_within_1d, FALSE) AS is_frozen_1d,
      COALESCE(shifts.is_shift_within_7d, FALSE) AS is_frozen_7d,
      CASE
        WHEN rates.popularity_growth_7d IS NULL THEN 'Insufficient history'
        WHEN ABS(rates.popularity_growth_z) < thresholds.momentum_min_growth_z THEN 'Stable'
        -- A word never contradicts the week's percent, which is shown beside it.
        WHEN SIGN(rates.popularity_growth_7d) != SIGN(rates.popularity_pct_change_7d)
          THEN 'Stable'
        WHEN rates.popularity_growth_7d >= LN(thresholds.surging_min_growth_factor_7d)
          THEN 'Surging'
        WHEN rates.popularity_growth_7d <= -LN(thresholds.surging_min_growth_factor_7d)
          THEN 'Falling'
        WHEN rates.popularity_growth_z >= thresholds.momentum_min_growth_z THEN 'Rising'
        ELSE 'Declining'
      END AS momentum_status,
      CASE
        WHEN rates.popularity_pct_change_1d IS NULL THEN 'Insufficient history'
        WHEN rates.popularity_pct_change_1d > thresholds.surging_min_popularity_pct_change_1d
          THEN 'Surging'
        WHEN rates.popularity_pct_change_1d > thresholds.rising_min_popularity_pct_change_1d
          THEN 'Rising'
        WHEN rates.popularity_pct_change_1d > thresholds.declining_max_popularity_pct_change_1d
          THEN 'Stable'
        WHEN rates.popularity_pct_change_1d > thresholds.falling_max_popularity_pct_change_1d
          THEN 'Declining'
        ELSE 'Falling'
      END AS momentum_status_1d,
      -- Without votes (history from exports) velocity is NULL: never Viral; the others still apply.
      CASE
        WHEN rates.popularity_change_7d IS NULL THEN 'Insufficient history'
        WHEN
          rates.vote_velocity_7d > thresholds.viral_trend_min_votes_per_day
          AND rates.popularity_change_7d > thresholds.viral_trend_min_popularity_change_7d
          THEN 'Viral'
        WHEN rates.popularity_change_7d > thresholds.rising_trend_min_popularity_change_7d
          THEN 'Rising'
        WHEN rates.popularity_change_7d < thresholds.declining_trend_max_popularity_change_7d
          THEN 'Declining'
        ELSE 'Stable'
      END AS trend_category
    FROM rates
    LEFT JOIN shifts ON rates.snapshot_date = shifts.snapshot_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  carried AS (
    SELECT
      *,
      LAST_VALUE(
        IF(is_frozen_1d OR NOT is_tracked, NULL, momentum_status) IGNORE NULLS
      ) OVER month_before
        AS momentum_status_before,
      LAST_VALUE(
        IF(is_frozen_1d OR NOT is_tracked, NULL, SIGN(popularity_growth_7d)) IGNORE NULLS
      ) OVER month_before
        AS momentum_sign_before,
      LAST_VALUE(
        IF(is_frozen_1d OR NOT is_tracked, NULL, momentum_status_1d) IGNORE NULLS
      ) OVER month_before
        AS momentum_status_1d_before,
      LAST_VALUE(
        IF(is_frozen_7d OR NOT is_tracked, NULL, trend_category) IGNORE NULLS
      ) OVER month_before
        AS trend_category_before
    FROM classes
    WINDOW
      month_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 30 PRECEDING AND 1 PRECEDING
      )
  ),

  -- The second part: levels of popularity, alarms, and what outlooks are made of.
  levels AS (
    SELECT
      snapshots.movie_id,
      snapshots.snapshot_date,
      COALESCE(snapshots.is_tracked, TRUE) AS is_tracked,
      snapshots.popularity,
      snapshots.popularity_pct_change_7d,
      UNIX_DATE(snapshots.snapshot_date) AS day,
      signals.history,
      signals.is_breakout_alarm,
      signals.popularity_volatility_1d
    FROM tmdb_analytics.movie_daily_snapshots AS snapshots
    LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
      ON
        snapshots.movie_id = signals.movie_id
        AND snapshots.snapshot_date = signals.calculation_date
        AND signals.calculation_date BETWEEN DATE_SUB(@from_date, INTERVAL 28 DAY) AND @to_date
    -- 28 days: the first of the 4 starting days.
    WHERE snapshots.snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 28 DAY) AND @to_date
  ),

  windows AS (
    SELECT
      *,
      COUNT(popularity) OVER week AS days_observed_7d,
      AVG(popularity) OVER week AS popularity_mean_7d,
      STDDEV(popularity) OVER week AS popularity_stddev_7d,
      COALESCE(LOGICAL_OR(is_breakout_alarm) OVER alarm_pause, FALSE) AS is_alarm_within_7d,
      COALESCE(LOGICAL_OR(is_breakout_alarm) OVER two_days_before, FALSE) AS is_alarm_within_2d
    FROM levels
    WINDOW
      week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
      ),
      alarm_pause AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING
      ),
      two_days_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 2 PRECEDING AND 1 PRECEDING
      )
  ),

  -- Tracked days only; the requested rows are joined to them below.
  states AS (
    SELECT
      windows.* EXCEPT (popularity),
      windows.popularity AS popularity_stored,
      NULLIF(windows.popularity, 0) AS popularity,
      windows.popularity_volatility_1d * SQRT(7) AS volatility_7d,
      CASE
        WHEN windows.popularity_pct_change_7d IS NULL OR windows.history != 'full' THEN 'new'
        WHEN
          1 + windows.popularity_pct_change_7d / 100 >= thresholds.outlook_moving_min_factor_7d
          THEN 'climbing'
        WHEN
          1 + windows.popularity_pct_change_7d / 100
          <= 1 / thresholds.outlook_moving_min_factor_7d
          THEN 'sinking'
        ELSE 'quiet'
      END AS state
    FROM windows
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
    WHERE windows.is_tracked
  ),

  -- How movies changed within a week, in units of their own noise, from 4 starting days of the
  -- same weekday; by state at the start.
  outcomes AS (
    SELECT
      asked_day,
      starts.state,
      SAFE_DIVIDE(LN(ends.popularity / starts.popularity), starts.volatility_7d) AS outcome
    FROM UNNEST(GENERATE_DATE_ARRAY(@from_date, @to_date)) AS asked_day
    CROSS JOIN UNNEST([7, 14, 21, 28]) AS days_ago
    INNER JOIN states AS starts
      ON DATE_SUB(asked_day, INTERVAL days_ago DAY) = starts.snapshot_date
    INNER JOIN states AS ends
      ON
        starts.movie_id = ends.movie_id
        AND DATE_ADD(starts.snapshot_date, INTERVAL 7 DAY) = ends.snapshot_date
  ),

  quantiles AS (
    SELECT
      asked_day,
      state,
      outcome,
      PERCENTILE_CONT(outcome, 0.1) OVER of_state AS low,
      PERCENTILE_CONT(outcome, 0.5) OVER of_state AS middle,
      PERCENTILE_CONT(outcome, 0.9) OVER of_state AS high
    FROM outcomes
    WINDOW of_state AS (PARTITION BY asked_day, state)
  ),

  outlooks AS (
    SELECT
      asked_day,
      state,
      COUNT(outcome) AS outcomes,
      MAX(low) AS low,
      MAX(middle) AS middle,
      MAX(high) AS high
    FROM quantiles
    GROUP BY asked_day, state
  ),

  -- The third part: what is stored of the requested days alone.
  days AS (
    SELECT
      snapshots.movie_id,
      snapshots.snapshot_date,
      snapshots.popularity_change_1d,
      snapshots.vote_count_pct_change_7d,
      signals.viral_coefficient
    FROM tmdb_analytics.movie_daily_snapshots AS snapshots
    LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
      ON
        snapshots.movie_id = signals.movie_id
        AND snapshots.snapshot_date = signals.calculation_date
        AND signals.calculation_date BETWEEN @from_date AND @to_date
    WHERE snapshots.snapshot_date BETWEEN @from_date AND @to_date
  ),

  -- The requested days, chosen after the windows.
  asked AS (
    SELECT
      carried.*,
      days.popularity_change_1d,
      days.vote_count_pct_change_7d,
      days.viral_coefficient,
      states.popularity_stored AS popularity,
      states.days_observed_7d,
      states.popularity_mean_7d,
      states.popularity_stddev_7d,
      states.is_breakout_alarm,
      states.is_alarm_within_7d,
      states.is_alarm_within_2d,
      states.popularity AS popularity_now,
      states.volatility_7d,
      IF(outlooks.outcomes >= thresholds.median_min_movies, outlooks.low, NULL) AS outlook_low,
      IF(outlooks.outcomes >= thresholds.median_min_movies, outlooks.middle, NULL)
        AS outlook_middle,
      IF(outlooks.outcomes >= thresholds.median_min_movies, outlooks.high, NULL) AS outlook_high
    FROM carried
    INNER JOIN states
      ON carried.movie_id = states.movie_id AND carried.snapshot_date = states.snapshot_date
    INNER JOIN days
      ON carried.movie_id = days.movie_id AND carried.snapshot_date = days.snapshot_date
    LEFT JOIN outlooks
      ON states.snapshot_date = outlooks.asked_day AND states.state = outlooks.state
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
    WHERE carried.snapshot_date BETWEEN @from_date AND @to_date
  )

  SELECT
    asked.movie_id,
    asked.snapshot_date AS calculation_date,
    asked.popularity,
    IF(
      asked.popularity IS NULL,
      NULL,
      RANK() OVER (PARTITION BY asked.snapshot_date ORDER BY asked.popularity DESC)
    ) AS popularity_rank,
    asked.vote_count,
    asked.popularity_change_1d,
    asked.popularity_pct_change_1d,
    IF(
      asked.days_observed_7d >= thresholds.average_7d_min_days_observed,
      asked.popularity_mean_7d,
      NULL
    ) AS popularity_7d_ma,
    IF(
      asked.days_observed_7d >= thresholds.average_7d_min_days_observed,
      asked.popularity_stddev_7d,
      NULL
    ) AS popularity_7d_stddev,
    asked.days_observed_7d,
    asked.popularity_change_7d AS popularity_wow_change,
    asked.popularity_pct_change_7d AS popularity_wow_pct_change,
    CASE
      WHEN NOT asked.is_frozen_1d THEN asked.momentum_status
      WHEN COALESCE(asked.momentum_status_before, 'Insufficient history') = 'Insufficient history'
        THEN 'Insufficient history'
      -- The percent contains the shift: a class carried on may not contradict it either.
      WHEN asked.momentum_sign_before != SIGN(asked.popularity_pct_change_7d) THEN 'Stable'
      ELSE asked.momentum_status_before
    END AS momentum_status,
    IF(
      asked.is_frozen_1d,
      COALESCE(asked.momentum_status_1d_before, 'Insufficient history'),
      asked.momentum_status_1d
    ) AS momentum_status_1d,
    asked.vote_velocity_7d,
    asked.vote_velocity_7d - asked.vote_velocity_week_before AS vote_acceleration_7d,
    asked.viral_coefficient,
    -- Limited to the scale, 0 to 100; NULL if one of the two growths is.
    LEAST(100.0, GREATEST(
      0.0,
      thresholds.viral_weight_of_vote_pct_change_7d * asked.vote_count_pct_change_7d
      + thresholds.viral_weight_of_popularity_pct_change_7d * asked.popularity_pct_change_7d
    )) AS viral_coefficient_classic,
    IF(
      asked.is_frozen_7d,
      COALESCE(asked.trend_category_before, 'Insufficient history'),
      asked.trend_category
    ) AS trend_category,
    asked.is_frozen_1d OR asked.is_frozen_7d AS is_frozen,
    COALESCE(asked.is_breakout_alarm AND NOT asked.is_alarm_within_7d, FALSE)
      AS is_breakout_start,
    COALESCE(asked.is_breakout_alarm AND asked.is_alarm_within_2d, FALSE)
      AS is_breakout_confirmed,
    asked.popularity_now * EXP(asked.outlook_middle * asked.volatility_7d)
      AS popularity_outlook_7d,
    asked.popularity_now * EXP(asked.outlook_low * asked.volatility_7d)
      AS popularity_outlook_7d_low,
    asked.popularity_now * EXP(asked.outlook_high * asked.volatility_7d)
      AS popularity_outlook_7d_high
  FROM asked
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
) AS fresh
-- Nothing matches: all rows of these days are replaced atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE AND stored.calculation_date BETWEEN @from_date AND @to_date
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  calculation_date,
  popularity,
  popularity_rank,
  vote_count,
  popularity_change_1d,
  popularity_pct_change_1d,
  popularity_7d_ma,
  popularity_7d_stddev,
  days_observed_7d,
  popularity_wow_change,
  popularity_wow_pct_change,
  momentum_status,
  momentum_status_1d,
  vote_velocity_7d,
  vote_acceleration_7d,
  viral_coefficient,
  viral_coefficient_classic,
  trend_category,
  is_frozen,
  is_breakout_start,
  is_breakout_confirmed,
  popularity_outlook_7d,
  popularity_outlook_7d_low,
  popularity_outlook_7d_high
) VALUES (
  fresh.movie_id,
  fresh.calculation_date,
  fresh.popularity,
  fresh.popularity_rank,
  fresh.vote_count,
  fresh.popularity_change_1d,
  fresh.popularity_pct_change_1d,
  fresh.popularity_7d_ma,
  fresh.popularity_7d_stddev,
  fresh.days_observed_7d,
  fresh.popularity_wow_change,
  fresh.popularity_wow_pct_change,
  fresh.momentum_status,
  fresh.momentum_status_1d,
  fresh.vote_velocity_7d,
  fresh.vote_acceleration_7d,
  fresh.viral_coefficient,
  fresh.viral_coefficient_classic,
  fresh.trend_category,
  fresh.is_frozen,
  fresh.is_breakout_start,
  fresh.is_breakout_confirmed,
  fresh.popularity_outlook_7d,
  fresh.popularity_outlook_7d_low,
  fresh.popularity_outlook_7d_high
)
