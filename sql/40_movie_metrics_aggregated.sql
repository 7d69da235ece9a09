-- movie_metrics_aggregated: momentum, trend and viral coefficient of each movie and day.
-- Windows are calendar days that end on the day; too few observations give NULL and the
-- category Insufficient history. The days asked for are replaced whole, in one statement.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.movie_metrics_aggregated AS stored
USING (
  WITH
  points AS (
    SELECT
      *,
      UNIX_DATE(snapshot_date) AS day,
      IF(vote_count IS NULL, NULL, UNIX_DATE(snapshot_date)) AS vote_day
    FROM tmdb_analytics.movie_daily_snapshots
    -- 60 days: more than any window reaches back (16 days).
    WHERE snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 60 DAY) AND @to_date
  ),

  windows AS (
    SELECT
      *,
      COUNT(popularity) OVER week AS days_observed_7d,
      AVG(popularity) OVER week AS popularity_mean_7d,
      STDDEV(popularity) OVER week AS popularity_stddev_7d,
      LAST_VALUE(vote_count IGNORE NULLS) OVER week_before AS vote_count_7d_ago,
      LAST_VALUE(vote_day IGNORE NULLS) OVER week_before AS vote_day_7d_ago,
      LAST_VALUE(vote_count IGNORE NULLS) OVER fortnight_before AS vote_count_14d_ago,
      LAST_VALUE(vote_day IGNORE NULLS) OVER fortnight_before AS vote_day_14d_ago
    FROM points
    WINDOW
      week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
      ),
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
    FROM windows
  )

  SELECT
    rates.movie_id,
    rates.snapshot_date AS calculation_date,
    rates.popularity,
    rates.vote_count,
    rates.popularity_change_1d,
    rates.popularity_pct_change_1d,
    IF(
      rates.days_observed_7d >= thresholds.average_7d_min_days_observed,
      rates.popularity_mean_7d,
      NULL
    ) AS popularity_7d_ma,
    IF(
      rates.days_observed_7d >= thresholds.average_7d_min_days_observed,
      rates.popularity_stddev_7d,
      NULL
    ) AS popularity_7d_stddev,
    rates.days_observed_7d,
    rates.popularity_change_7d AS popularity_wow_change,
    rates.popularity_pct_change_7d AS popularity_wow_pct_change,
    rates.vote_velocity_7d,
    rates.vote_velocity_7d - rates.vote_velocity_week_before AS vote_acceleration_7d,
    -- Cut to the scale, 0 to 100; NULL when one of the two growths is.
    LEAST(100.0, GREATEST(
      0.0,
      thresholds.viral_weight_of_vote_pct_change_7d * rates.vote_count_pct_change_7d
      + thresholds.viral_weight_of_popularity_pct_change_7d * rates.popularity_pct_change_7d
    )) AS viral_coefficient,
    -- Without votes (history from exports) velocity is NULL: never Viral, the rest holds.
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
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  -- The days asked for, chosen after the windows.
  WHERE rates.snapshot_date BETWEEN @from_date AND @to_date
) AS fresh
-- Nothing matches: every stored row of these days goes, every fresh one comes, atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE AND stored.calculation_date BETWEEN @from_date AND @to_date
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  calculation_date,
  popularity,
  vote_count,
  popularity_change_1d,
  popularity_pct_change_1d,
  popularity_7d_ma,
  popularity_7d_stddev,
  days_observed_7d,
  popularity_wow_change,
  popularity_wow_pct_change,
  vote_velocity_7d,
  vote_acceleration_7d,
  viral_coefficient,
  trend_category
) VALUES (
  fresh.movie_id,
  fresh.calculation_date,
  fresh.popularity,
  fresh.vote_count,
  fresh.popularity_change_1d,
  fresh.popularity_pct_change_1d,
  fresh.popularity_7d_ma,
  fresh.popularity_7d_stddev,
  fresh.days_observed_7d,
  fresh.popularity_wow_change,
  fresh.popularity_wow_pct_change,
  fresh.vote_velocity_7d,
  fresh.vote_acceleration_7d,
  fresh.viral_coefficient,
  fresh.trend_category
)
