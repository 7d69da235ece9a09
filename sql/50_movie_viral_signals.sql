-- movie_viral_signals: how far each movie's popularity and votes are beyond what to expect.
-- Popularity of the last 2 days is compared with the lower of two levels: the mean of the days 3
-- to 6 before, and of the last week, 7 to 13 before (else of the days 14 to 35 before). Votes of
-- 3 days are compared with last week's rate. Method: docs/concepts/metrics.md.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.movie_viral_signals AS stored
USING (
  WITH
  -- A level is the natural logarithm of popularity; a popularity of 0 is unknown. Days are
  -- numbers because RANGE frames need numbers.
  points AS (
    SELECT
      snapshots.movie_id,
      snapshots.snapshot_date,
      snapshots.popularity,
      snapshots.vote_count,
      COALESCE(snapshots.is_tracked, TRUE) AS is_tracked,
      UNIX_DATE(snapshots.snapshot_date) AS day,
      IF(snapshots.vote_count IS NULL, NULL, UNIX_DATE(snapshots.snapshot_date)) AS vote_day,
      IF(NULLIF(snapshots.popularity, 0) IS NULL, NULL, UNIX_DATE(snapshots.snapshot_date))
        AS level_day,
      IF(
        NULLIF(snapshots.popularity, 0) IS NULL,
        NULL,
        LN(GREATEST(snapshots.popularity, thresholds.popularity_min))
      ) AS level
    FROM tmdb_analytics.movie_daily_snapshots AS snapshots
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
    -- 45 days: the widest window (35) and the step into it (10).
    WHERE snapshots.snapshot_date BETWEEN DATE_SUB(@from_date, INTERVAL 45 DAY) AND @to_date
  ),

  -- From the newest reading before, at most 10 days old.
  steps AS (
    SELECT
      *,
      day - LAST_VALUE(vote_day IGNORE NULLS) OVER before AS vote_step_days,
      LAST_VALUE(vote_count IGNORE NULLS) OVER before AS vote_count_before,
      day - LAST_VALUE(level_day IGNORE NULLS) OVER before AS level_step_days,
      level - LAST_VALUE(level IGNORE NULLS) OVER before AS level_step,
      MAX(vote_count) OVER last_7_days AS vote_count_high
    FROM points
    WINDOW
      before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 10 PRECEDING AND 1 PRECEDING
      ),
      last_7_days AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 7 PRECEDING AND 1 PRECEDING
      )
  ),

  -- A clean-up lowers the counter, a restore raises it by half of a dip: neither counts as votes.
  corrections AS (
    SELECT
      steps.*,
      COALESCE(
        steps.vote_count < steps.vote_count_before - GREATEST(
          thresholds.vote_correction_min_votes,
          thresholds.vote_correction_min_share * steps.vote_count_before
        ),
        FALSE
      )
      OR COALESCE(
        steps.vote_count_before < steps.vote_count_high - GREATEST(
          thresholds.vote_correction_min_votes,
          thresholds.vote_correction_min_share * steps.vote_count_before
        )
        AND steps.vote_count - steps.vote_count_before
        >= thresholds.vote_restore_min_share * (steps.vote_count_high - steps.vote_count_before),
        FALSE
      ) AS is_corrected
    FROM steps
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- Votes gained and the days it took; the variance of one day's change of level.
  gains AS (
    SELECT
      corrections.*,
      IF(
        corrections.is_corrected,
        0,
        COALESCE(corrections.vote_count - corrections.vote_count_before, 0)
      ) AS votes,
      IF(
        corrections.is_corrected OR corrections.vote_count IS NULL,
        0,
        COALESCE(corrections.vote_step_days, 0)
      ) AS vote_days,
      IF(
        corrections.level_step IS NULL,
        NULL,
        LEAST(
          POW(corrections.level_step, 2) / corrections.level_step_days,
          thresholds.volatility_max_variance_1d
        )
      ) AS variance_1d
    FROM corrections
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  windows AS (
    SELECT
      movie_id,
      snapshot_date,
      popularity,
      vote_count,
      is_tracked,
      is_corrected,
      IF(level IS NULL, NULL, AVG(level) OVER two_days) AS level_now,
      AVG(level) OVER days_3_to_6 AS level_3_to_6,
      AVG(level) OVER last_week AS level_last_week,
      COUNT(level) OVER last_week AS level_days_last_week,
      AVG(level) OVER weeks_before AS level_weeks_before,
      COUNT(level) OVER history_days AS level_days_history,
      COUNT(variance_1d) OVER past AS variance_steps,
      COALESCE(SUM(variance_1d) OVER past, 0) AS variance_sum,
      GREATEST(SUM(votes) OVER now_3d, 0) AS votes_3d,
      SUM(vote_days) OVER now_3d AS vote_days_3d,
      GREATEST(SUM(votes) OVER this_week, 0) AS votes_7d,
      SUM(vote_days) OVER this_week AS vote_days_7d,
      GREATEST(COALESCE(SUM(votes) OVER last_week, 0), 0) AS votes_last_week,
      COALESCE(SUM(vote_days) OVER last_week, 0) AS vote_days_last_week,
      GREATEST(COALESCE(SUM(votes) OVER vote_baseline, 0), 0) AS votes_baseline,
      COALESCE(SUM(vote_days) OVER vote_baseline, 0) AS vote_days_baseline
    FROM gains
    WINDOW
      two_days AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 1 PRECEDING AND CURRENT ROW
      ),
      now_3d AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 2 PRECEDING AND CURRENT ROW
      ),
      this_week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
      ),
      days_3_to_6 AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 6 PRECEDING AND 3 PRECEDING
      ),
      last_week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING
      ),
      weeks_before AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 14 PRECEDING
      ),
      vote_baseline AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 8 PRECEDING
      ),
      history_days AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 4 PRECEDING
      ),
      past AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 1 PRECEDING
      )
  ),

  -- The requested days, after the windows and before the day's medians; days before a movie was
  -- tracked are its past and not part of a day. LEAST is NULL where one argument is.
  growths AS (
    SELECT
      windows.*,
      LEAST(
        COALESCE(windows.level_3_to_6, windows.level_last_week, windows.level_weeks_before),
        COALESCE(windows.level_last_week, windows.level_weeks_before, windows.level_3_to_6)
      ) AS level_expected,
      windows.level_now - LEAST(
        COALESCE(windows.level_3_to_6, windows.level_last_week, windows.level_weeks_before),
        COALESCE(windows.level_last_week, windows.level_weeks_before, windows.level_3_to_6)
      ) AS growth,
      IF(
        windows.level_days_last_week >= thresholds.last_week_min_days_observed,
        windows.level_now - windows.level_last_week,
        NULL
      ) AS growth_7d,
      (
        thresholds.vote_rate_prior_days * thresholds.vote_rate_prior_votes_per_day
        + windows.votes_baseline
      ) / (thresholds.vote_rate_prior_days + windows.vote_days_baseline) AS vote_rate
    FROM windows
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
    WHERE windows.snapshot_date BETWEEN @from_date AND @to_date AND windows.is_tracked
  ),

  -- The change of the day's median movie is the market's.
  markets AS (
    SELECT
      movie_id,
      snapshot_date,
      COUNT(growth) OVER whole_day AS growths,
      PERCENTILE_CONT(growth, 0.5) OVER whole_day AS growth_median,
      COUNT(growth_7d) OVER whole_day AS growths_7d,
      PERCENTILE_CONT(growth_7d, 0.5) OVER whole_day AS growth_7d_median
    FROM growths
    WINDOW whole_day AS (PARTITION BY snapshot_date)
  ),

  evidence AS (
    SELECT
      growths.*,
      IF(markets.growths >= thresholds.median_min_movies, markets.growth_median, 0)
        AS market_growth,
      growths.growth_7d
      - IF(markets.growths_7d >= thresholds.median_min_movies, markets.growth_7d_median, 0)
        AS growth_7d_beyond_market,
      thresholds.popularity_noise_min
      * SQRT(1 + thresholds.breakout_min_popularity / EXP(growths.level_expected)) AS noise,
      thresholds.popularity_noise_min
      * SQRT(1 + thresholds.breakout_min_popularity / EXP(growths.level_last_week))
        AS noise_last_week,
      growths.vote_count IS NOT NULL AS has_votes,
      growths.vote_count IS NOT NULL AND NULLIF(growths.vote_days_3d, 0) IS NOT NULL
        AS has_votes_3d,
      growths.vote_days_3d
      * (thresholds.last_week_prior_days * growths.vote_rate + growths.votes_last_week)
      / (thresholds.last_week_prior_days + growths.vote_days_last_week) AS votes_expected,
      thresholds.vote_rate_prior_days * growths.vote_rate + growths.votes_7d AS votes_7d_shrunk,
      growths.vote_days_7d >= thresholds.vote_acceleration_min_days
      AND growths.vote_days_last_week >= thresholds.vote_acceleration_min_days AS has_two_weeks
    FROM growths
    INNER JOIN markets
      ON growths.movie_id = markets.movie_id AND growths.snapshot_date = markets.snapshot_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- Surprises in units of noise; the asinh evens out the spread of counts.
  surprises AS (
    SELECT
      evidence.*,
      (evidence.growth - evidence.market_growth) / evidence.noise AS z_popularity,
      IF(
        evidence.has_votes_3d,
        2 / SQRT(thresholds.vote_overdispersion) * (
          ASINH(SQRT(thresholds.vote_overdispersion * (evidence.votes_3d + 0.375)))
          - ASINH(SQRT(thresholds.vote_overdispersion * (evidence.votes_expected + 0.375)))
        ),
        NULL
      ) AS z_votes,
      SQRT(
        GREATEST(evidence.votes_3d, evidence.votes_expected) / (
          GREATEST(evidence.votes_3d, evidence.votes_expected) + thresholds.vote_weight_half_votes
        )
      ) AS weight_of_votes,
      evidence.votes_7d_shrunk / (thresholds.vote_rate_prior_days + evidence.vote_days_7d)
        AS votes_per_day,
      -- Shape of the Gamma that the rate is drawn from; bounds by Wilson and Hilferty.
      1 / (1 / evidence.votes_7d_shrunk + thresholds.vote_rate_overdispersion) AS rate_shape,
      IF(evidence.has_two_weeks, evidence.votes_7d / evidence.vote_days_7d, NULL)
        AS rate_this_week,
      IF(evidence.has_two_weeks, evidence.votes_last_week / evidence.vote_days_last_week, NULL)
        AS rate_last_week
    FROM evidence
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- Votes strengthen or weaken the result, but never weigh more than popularity.
  scores AS (
    SELECT
      surprises.*,
      IF(
        surprises.z_votes IS NULL,
        surprises.z_popularity,
        (
          surprises.z_popularity
          + surprises.weight_of_votes
          * LEAST(surprises.z_votes, GREATEST(surprises.z_popularity, 0))
        ) / SQRT(1 + surprises.weight_of_votes * surprises.weight_of_votes)
      ) AS surge,
      surprises.rate_this_week - surprises.rate_last_week AS acceleration,
      thresholds.bounds_z * SQRT(
        (surprises.votes_7d + 1) / POW(NULLIF(surprises.vote_days_7d, 0), 2)
        + (surprises.votes_last_week + 1) / POW(NULLIF(surprises.vote_days_last_week, 0), 2)
        + thresholds.vote_rate_overdispersion * (
          surprises.rate_this_week * surprises.rate_this_week
          + surprises.rate_last_week * surprises.rate_last_week
        )
      ) AS acceleration_error
    FROM surprises
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  )

  SELECT
    scores.movie_id,
    scores.snapshot_date AS calculation_date,
    CASE
      WHEN scores.level_expected IS NULL THEN 'new'
      WHEN scores.level_days_history >= thresholds.full_history_min_days THEN 'full'
      ELSE 'short'
    END AS history,
    IF(scores.has_votes, scores.is_corrected, NULL) AS is_vote_count_corrected,
    IF(scores.has_votes_3d, scores.votes_3d, NULL) AS votes_3d,
    IF(scores.has_votes_3d, scores.votes_expected, NULL) AS votes_3d_expected,
    IF(scores.has_votes, scores.votes_per_day, NULL) AS votes_per_day_7d,
    IF(
      scores.has_votes,
      scores.votes_per_day * POW(
        GREATEST(
          1 - 1 / (9 * scores.rate_shape) - thresholds.bounds_z / (3 * SQRT(scores.rate_shape)),
          0
        ),
        3
      ),
      NULL
    ) AS votes_per_day_7d_low,
    IF(
      scores.has_votes,
      -- The approximation falls below the mean where almost nothing is known.
      scores.votes_per_day * GREATEST(
        POW(
          1 - 1 / (9 * scores.rate_shape) + thresholds.bounds_z / (3 * SQRT(scores.rate_shape)), 3
        ),
        1
      ),
      NULL
    ) AS votes_per_day_7d_high,
    IF(scores.has_votes, scores.acceleration, NULL) AS vote_acceleration_7d,
    IF(scores.has_votes, scores.acceleration - scores.acceleration_error, NULL)
      AS vote_acceleration_7d_low,
    IF(scores.has_votes, scores.acceleration + scores.acceleration_error, NULL)
      AS vote_acceleration_7d_high,
    scores.z_votes,
    IF(scores.has_votes_3d, scores.weight_of_votes, NULL) AS weight_of_votes,
    EXP(scores.level_now) AS popularity_now,
    EXP(scores.level_expected) AS popularity_expected,
    CASE
      WHEN scores.level_expected IS NULL THEN NULL
      WHEN scores.level_expected = scores.level_last_week THEN 'last_week'
      WHEN scores.level_expected = scores.level_3_to_6 THEN 'days_3_to_6'
      ELSE 'weeks_before'
    END AS expected_level,
    EXP(scores.market_growth) AS market_factor,
    scores.noise AS popularity_noise,
    scores.z_popularity,
    scores.surge,
    -- Absolute and monotone: no other movie's extreme moves it, and it never quite reaches 100.
    100 * (1 - POW(2, -GREATEST(scores.surge, 0) / thresholds.viral_half_distance_surge))
      AS viral_coefficient,
    COALESCE(
      scores.surge >= thresholds.breakout_min_surge
      AND (
        scores.votes_3d >= thresholds.breakout_min_votes_3d
        OR scores.popularity >= thresholds.breakout_min_popularity
      ),
      FALSE
    ) AS is_breakout_alarm,
    scores.growth_7d_beyond_market AS popularity_growth_7d,
    scores.growth_7d_beyond_market / scores.noise_last_week AS popularity_growth_z,
    SQRT(
      (
        scores.variance_sum
        + thresholds.volatility_prior_days * thresholds.volatility_prior_variance_1d
      ) / (scores.variance_steps + thresholds.volatility_prior_days)
      + thresholds.volatility_min_variance_1d
    ) AS popularity_volatility_1d
  FROM scores
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
) AS fresh
-- Nothing matches: all rows of these days are replaced atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE AND stored.calculation_date BETWEEN @from_date AND @to_date
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  calculation_date,
  history,
  is_vote_count_corrected,
  votes_3d,
  votes_3d_expected,
  votes_per_day_7d,
  votes_per_day_7d_low,
  votes_per_day_7d_high,
  vote_acceleration_7d,
  vote_acceleration_7d_low,
  vote_acceleration_7d_high,
  z_votes,
  weight_of_votes,
  popularity_now,
  popularity_expected,
  expected_level,
  market_factor,
  popularity_noise,
  z_popularity,
  surge,
  viral_coefficient,
  is_breakout_alarm,
  popularity_growth_7d,
  popularity_growth_z,
  popularity_volatility_1d
) VALUES (
  fresh.movie_id,
  fresh.calculation_date,
  fresh.history,
  fresh.is_vote_count_corrected,
  fresh.votes_3d,
  fresh.votes_3d_expected,
  fresh.votes_per_day_7d,
  fresh.votes_per_day_7d_low,
  fresh.votes_per_day_7d_high,
  fresh.vote_acceleration_7d,
  fresh.vote_acceleration_7d_low,
  fresh.vote_acceleration_7d_high,
  fresh.z_votes,
  fresh.weight_of_votes,
  fresh.popularity_now,
  fresh.popularity_expected,
  fresh.expected_level,
  fresh.market_factor,
  fresh.popularity_noise,
  fresh.z_popularity,
  fresh.surge,
  fresh.viral_coefficient,
  fresh.is_breakout_alarm,
  fresh.popularity_growth_7d,
  fresh.popularity_growth_z,
  fresh.popularity_volatility_1d
)
