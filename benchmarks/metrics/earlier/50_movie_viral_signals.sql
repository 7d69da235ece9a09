-- movie_viral_signals: what each movie's votes and popularity say against what was to be expected.
-- now = the last 3 days, this week = 7, last week = the 7 before; the vote baseline are the days
-- 35 to 8 before, the popularity baseline 35 to 4 before. Medians are of the movies of the day.
-- The days asked for are replaced whole, in one statement. Method: docs/concepts/metrics.md.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.movie_viral_signals AS stored
USING (
  WITH
  -- Days as numbers, for RANGE wants numbers; popularity as its natural logarithm.
  points AS (
    SELECT
      snapshots.movie_id,
      snapshots.snapshot_date,
      snapshots.popularity,
      snapshots.vote_count,
      COALESCE(snapshots.is_tracked, TRUE) AS is_tracked,
      UNIX_DATE(snapshots.snapshot_date) AS day,
      IF(snapshots.vote_count IS NULL, NULL, UNIX_DATE(snapshots.snapshot_date)) AS vote_day,
      IF(snapshots.popularity IS NULL, NULL, UNIX_DATE(snapshots.snapshot_date)) AS popularity_day,
      IF(
        snapshots.popularity IS NULL,
        NULL,
        LN(GREATEST(snapshots.popularity, thresholds.popularity_min))
      ) AS level,
      IF(
        snapshots.popularity IS NULL,
        NULL,
        POW(
          2,
          DATE_DIFF(snapshots.snapshot_date, @to_date, DAY) / thresholds.baseline_half_life_days
        )
      ) AS recency
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
      day - LAST_VALUE(popularity_day IGNORE NULLS) OVER before AS popularity_step_days,
      LAST_VALUE(level IGNORE NULLS) OVER before AS level_before,
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

  tolerances AS (
    SELECT
      steps.*,
      GREATEST(
        thresholds.vote_correction_min_votes,
        thresholds.vote_correction_min_share * steps.vote_count_before
      ) AS vote_jitter,
      thresholds.vote_restore_min_share * (steps.vote_count_high - steps.vote_count_before)
        AS restore_min_votes,
      LEAST(
        POW(steps.level - steps.level_before, 2) / steps.popularity_step_days,
        thresholds.volatility_max_variance_1d
      ) AS variance_1d
    FROM steps
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  corrections AS (
    SELECT
      *,
      COALESCE(vote_count < vote_count_before - vote_jitter, FALSE)
      OR COALESCE(
        vote_count_before < vote_count_high - vote_jitter
        AND vote_count - vote_count_before >= restore_min_votes,
        FALSE
      ) AS is_corrected
    FROM tolerances
  ),

  -- Votes gained and the days it took; corrections of the counter are neither.
  gains AS (
    SELECT
      * EXCEPT (variance_1d),
      IF(is_corrected, 0, COALESCE(vote_count - vote_count_before, 0)) AS votes,
      IF(
        is_corrected OR vote_count IS NULL,
        0,
        COALESCE(vote_step_days, 0)
      ) AS vote_days,
      IF(level IS NULL OR level_before IS NULL, NULL, variance_1d) AS variance_1d
    FROM corrections
  ),

  windows AS (
    SELECT
      movie_id,
      snapshot_date,
      popularity,
      vote_count,
      is_tracked,
      level,
      is_corrected,
      GREATEST(SUM(votes) OVER now_3d, 0) AS votes_3d,
      SUM(vote_days) OVER now_3d AS vote_days_3d,
      GREATEST(SUM(votes) OVER this_week, 0) AS votes_7d,
      SUM(vote_days) OVER this_week AS vote_days_7d,
      GREATEST(COALESCE(SUM(votes) OVER last_week, 0), 0) AS votes_last_week,
      COALESCE(SUM(vote_days) OVER last_week, 0) AS vote_days_last_week,
      GREATEST(COALESCE(SUM(votes) OVER vote_baseline, 0), 0) AS votes_baseline,
      COALESCE(SUM(vote_days) OVER vote_baseline, 0) AS vote_days_baseline,
      COUNT(level) OVER popularity_baseline AS baseline_days,
      SAFE_DIVIDE(
        SUM(recency * level) OVER popularity_baseline, SUM(recency) OVER popularity_baseline
      ) AS baseline_level,
      SAFE_DIVIDE(
        SUM(recency * level * level) OVER popularity_baseline,
        SUM(recency) OVER popularity_baseline
      ) AS baseline_level_squared,
      AVG(level) OVER past AS past_level,
      COUNT(level) OVER past AS past_days,
      COUNT(variance_1d) OVER past AS variance_steps,
      AVG(variance_1d) OVER past AS variance_mean,
      COUNT(level) OVER last_week AS last_week_days,
      AVG(level) OVER last_week AS last_week_level,
      COUNT(level) OVER this_week AS this_week_days,
      AVG(level) OVER this_week AS this_week_level
    FROM gains
    WINDOW
      now_3d AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 2 PRECEDING AND CURRENT ROW
      ),
      this_week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 6 PRECEDING AND CURRENT ROW
      ),
      last_week AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 13 PRECEDING AND 7 PRECEDING
      ),
      vote_baseline AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 8 PRECEDING
      ),
      popularity_baseline AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 4 PRECEDING
      ),
      past AS (
        PARTITION BY movie_id ORDER BY day RANGE BETWEEN 35 PRECEDING AND 1 PRECEDING
      )
  ),

  -- The days asked for, chosen after the windows and before the day-wide medians; days before
  -- a movie was tracked are its past and nobody's peer.
  levels AS (
    SELECT
      windows.*,
      CASE
        WHEN windows.popularity IS NULL THEN 0
        WHEN windows.popularity < thresholds.popularity_cohort_2_min THEN 1
        WHEN windows.popularity < thresholds.popularity_cohort_3_min THEN 2
        WHEN windows.popularity < thresholds.popularity_cohort_4_min THEN 3
        WHEN windows.popularity < thresholds.popularity_cohort_5_min THEN 4
        ELSE 5
      END AS popularity_cohort,
      CASE
        WHEN windows.vote_count IS NULL THEN 0
        WHEN windows.vote_count < thresholds.vote_cohort_2_min_votes THEN 1
        WHEN windows.vote_count < thresholds.vote_cohort_3_min_votes THEN 2
        WHEN windows.vote_count < thresholds.vote_cohort_4_min_votes THEN 3
        WHEN windows.vote_count < thresholds.vote_cohort_5_min_votes THEN 4
        ELSE 5
      END AS vote_cohort,
      IF(
        windows.vote_days_baseline >= thresholds.vote_baseline_min_days,
        SAFE_DIVIDE(windows.votes_baseline, windows.vote_days_baseline),
        NULL
      ) AS own_vote_rate,
      GREATEST(
        windows.baseline_level_squared - windows.baseline_level * windows.baseline_level, 0
      ) AS own_variance,
      windows.baseline_days >= thresholds.baseline_min_days AS has_baseline,
      CASE
        WHEN windows.baseline_days < thresholds.baseline_min_days THEN windows.past_level
        WHEN windows.last_week_days >= thresholds.baseline_min_days
          THEN GREATEST(windows.baseline_level, windows.last_week_level)
        ELSE windows.baseline_level
      END AS expected_level,
      IF(
        windows.this_week_days >= thresholds.average_7d_min_days_observed
        AND windows.last_week_days >= thresholds.average_7d_min_days_observed,
        windows.this_week_level - windows.last_week_level,
        NULL
      ) AS growth
    FROM windows
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
    WHERE windows.snapshot_date BETWEEN @from_date AND @to_date AND windows.is_tracked
  ),

  -- Narrow on purpose: the partitions of the medians hold a whole day.
  peer_inputs AS (
    SELECT
      levels.movie_id,
      levels.snapshot_date,
      levels.popularity_cohort,
      levels.vote_cohort,
      levels.level,
      levels.own_vote_rate,
      levels.growth,
      IF(
        levels.baseline_days >= thresholds.catalogue_factor_min_days,
        levels.level - levels.expected_level,
        NULL
      ) AS shift,
      IF(
        levels.baseline_days >= thresholds.full_history_min_days, levels.own_variance, NULL
      ) AS variance,
      IF(
        levels.variance_steps >= thresholds.volatility_min_days, levels.variance_mean, NULL
      ) AS variance_1d
    FROM levels
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  medians AS (
    SELECT
      movie_id,
      snapshot_date,
      COUNT(own_vote_rate) OVER like_popularity AS vote_rates_of_cohort,
      AVG(own_vote_rate) OVER like_popularity AS vote_rate_of_cohort,
      COUNT(own_vote_rate) OVER whole_day AS vote_rates_of_day,
      AVG(own_vote_rate) OVER whole_day AS vote_rate_of_day,
      COUNT(shift) OVER like_votes AS shifts_of_cohort,
      PERCENTILE_CONT(shift, 0.5) OVER like_votes AS shift_of_cohort,
      COUNT(shift) OVER whole_day AS shifts_of_day,
      PERCENTILE_CONT(shift, 0.5) OVER whole_day AS shift_of_day,
      COUNT(growth) OVER like_votes AS growths_of_cohort,
      PERCENTILE_CONT(growth, 0.5) OVER like_votes AS growth_of_cohort,
      COUNT(growth) OVER whole_day AS growths_of_day,
      PERCENTILE_CONT(growth, 0.5) OVER whole_day AS growth_of_day,
      COUNT(variance) OVER like_popularity AS variances_of_cohort,
      PERCENTILE_CONT(variance, 0.5) OVER like_popularity AS variance_of_cohort,
      COUNT(variance_1d) OVER like_popularity AS variances_1d_of_cohort,
      PERCENTILE_CONT(variance_1d, 0.5) OVER like_popularity AS variance_1d_of_cohort,
      COUNT(level) OVER whole_day AS levels_of_day,
      PERCENTILE_CONT(level, 0.5) OVER whole_day AS level_median,
      PERCENTILE_CONT(level, 0.84) OVER whole_day AS level_high
    FROM peer_inputs
    WINDOW
      whole_day AS (PARTITION BY snapshot_date),
      like_popularity AS (PARTITION BY snapshot_date, popularity_cohort),
      like_votes AS (PARTITION BY snapshot_date, vote_cohort)
  ),

  -- The cohort where it is large enough, else the day, else what is assumed.
  peers AS (
    SELECT
      medians.movie_id,
      medians.snapshot_date,
      CASE
        WHEN medians.vote_rates_of_cohort >= thresholds.cohort_min_movies
          THEN medians.vote_rate_of_cohort
        WHEN medians.vote_rates_of_day >= thresholds.cohort_min_movies
          THEN medians.vote_rate_of_day
        ELSE thresholds.vote_rate_prior_votes_per_day
      END AS vote_rate,
      CASE
        WHEN medians.shifts_of_cohort >= thresholds.cohort_min_movies
          THEN medians.shift_of_cohort
        WHEN medians.shifts_of_day >= thresholds.cohort_min_movies THEN medians.shift_of_day
        ELSE 0
      END AS shift,
      CASE
        WHEN medians.growths_of_cohort >= thresholds.cohort_min_movies
          THEN medians.growth_of_cohort
        WHEN medians.growths_of_day >= thresholds.cohort_min_movies THEN medians.growth_of_day
        ELSE 0
      END AS growth,
      IF(
        medians.variances_of_cohort >= thresholds.cohort_min_movies,
        medians.variance_of_cohort,
        thresholds.popularity_noise_prior * thresholds.popularity_noise_prior
      ) AS variance,
      IF(
        medians.variances_1d_of_cohort >= thresholds.cohort_min_movies,
        medians.variance_1d_of_cohort,
        thresholds.volatility_prior_variance_1d
      ) AS variance_1d,
      IF(
        medians.levels_of_day >= thresholds.cohort_min_movies, medians.level_median, NULL
      ) AS level_median,
      IF(
        medians.levels_of_day >= thresholds.cohort_min_movies, medians.level_high, NULL
      ) AS level_high
    FROM medians
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- Baselines shrunk towards the peers: Gamma-Poisson for votes, pooled variance for popularity.
  baselines AS (
    SELECT
      levels.*,
      peers.shift AS peer_shift,
      levels.growth - peers.growth AS growth_beyond_peers,
      peers.level_median,
      peers.level_high,
      (thresholds.vote_rate_prior_shape + levels.votes_baseline)
      / (
        thresholds.vote_rate_prior_shape
        / GREATEST(peers.vote_rate, thresholds.vote_rate_prior_min_votes_per_day)
        + levels.vote_days_baseline
      ) AS vote_rate,
      thresholds.vote_overdispersion
      + 1 / (thresholds.vote_rate_prior_shape + levels.votes_baseline) AS vote_dispersion,
      IF(
        levels.has_baseline,
        SQRT(
          (
            levels.baseline_days * levels.own_variance
            + thresholds.popularity_noise_prior_days * peers.variance
          ) / (levels.baseline_days + thresholds.popularity_noise_prior_days)
          + thresholds.popularity_noise_min * thresholds.popularity_noise_min
        ),
        thresholds.popularity_noise_cold * SQRT(1 + SAFE_DIVIDE(1, levels.past_days))
      ) AS noise,
      SQRT(
        (
          levels.variance_steps * COALESCE(levels.variance_mean, 0)
          + thresholds.volatility_prior_days * peers.variance_1d
        ) / (levels.variance_steps + thresholds.volatility_prior_days)
        + thresholds.volatility_min_variance_1d
      ) AS volatility_1d
    FROM levels
    INNER JOIN peers
      ON levels.movie_id = peers.movie_id AND levels.snapshot_date = peers.snapshot_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- The baseline, or last week where that was higher.
  expectations AS (
    SELECT
      baselines.*,
      baselines.vote_days_3d * GREATEST(
        baselines.vote_rate,
        (thresholds.last_week_prior_days * baselines.vote_rate + baselines.votes_last_week)
        / (thresholds.last_week_prior_days + baselines.vote_days_last_week)
      ) AS votes_expected_3d
    FROM baselines
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  ratios AS (
    SELECT
      expectations.movie_id,
      expectations.snapshot_date,
      IF(
        expectations.votes_expected_3d >= thresholds.vote_cycle_min_expected_votes,
        SAFE_DIVIDE(expectations.votes_3d, expectations.votes_expected_3d),
        NULL
      ) AS ratio
    FROM expectations
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  ratio_medians AS (
    SELECT
      movie_id,
      snapshot_date,
      COUNT(ratio) OVER whole_day AS ratios_of_day,
      PERCENTILE_CONT(ratio, 0.5) OVER whole_day AS ratio_median
    FROM ratios
    WINDOW whole_day AS (PARTITION BY snapshot_date)
  ),

  -- What weekday, holiday and TMDB did to everybody's votes that day.
  vote_cycle AS (
    SELECT
      ratio_medians.movie_id,
      ratio_medians.snapshot_date,
      IF(
        ratio_medians.ratios_of_day >= thresholds.cohort_min_movies,
        LEAST(
          thresholds.vote_cycle_max_factor,
          GREATEST(thresholds.vote_cycle_min_factor, ratio_medians.ratio_median)
        ),
        1
      ) AS factor
    FROM ratio_medians
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  -- Surprises in standard deviations; the asinh evens out the spread of counts.
  surprises AS (
    SELECT
      expectations.* EXCEPT (votes_expected_3d),
      expectations.votes_expected_3d * vote_cycle.factor AS votes_expected_3d,
      expectations.vote_count IS NOT NULL AS has_votes,
      expectations.vote_count IS NOT NULL AND NULLIF(expectations.vote_days_3d, 0) IS NOT NULL
        AS has_votes_3d,
      2 / (thresholds.vote_z_scale * SQRT(expectations.vote_dispersion)) * (
        ASINH(SQRT(expectations.vote_dispersion * (expectations.votes_3d + 0.375)))
        - ASINH(
          SQRT(
            expectations.vote_dispersion
            * (expectations.votes_expected_3d * vote_cycle.factor + 0.375)
          )
        )
      ) AS vote_surprise,
      (expectations.level - expectations.expected_level - expectations.peer_shift)
      / (thresholds.popularity_z_scale * expectations.noise) AS own_surprise,
      SAFE_DIVIDE(
        expectations.level - expectations.level_median,
        thresholds.popularity_z_scale * (expectations.level_high - expectations.level_median)
      ) AS entry_surprise
    FROM expectations
    INNER JOIN vote_cycle
      ON
        expectations.movie_id = vote_cycle.movie_id
        AND expectations.snapshot_date = vote_cycle.snapshot_date
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  evidence AS (
    SELECT
      surprises.*,
      IF(
        surprises.has_votes_3d,
        LEAST(thresholds.z_max, GREATEST(thresholds.z_min, surprises.vote_surprise)),
        NULL
      ) AS z_votes,
      -- Without a baseline of its own, a high entry into the day's table says something too.
      LEAST(thresholds.z_max, GREATEST(thresholds.z_min, IF(
        surprises.has_baseline,
        surprises.own_surprise,
        GREATEST(
          COALESCE(surprises.own_surprise, surprises.entry_surprise),
          COALESCE(surprises.entry_surprise, surprises.own_surprise)
        )
      ))) AS z_popularity,
      SQRT(
        GREATEST(surprises.votes_3d, surprises.votes_expected_3d)
        / (
          GREATEST(surprises.votes_3d, surprises.votes_expected_3d)
          + thresholds.vote_weight_half_votes
        )
      ) AS weight_of_votes,
      thresholds.vote_rate_prior_days * surprises.vote_rate + surprises.votes_7d AS votes_7d_shrunk,
      IF(
        surprises.vote_days_7d >= thresholds.vote_acceleration_min_days
        AND surprises.vote_days_last_week >= thresholds.vote_acceleration_min_days,
        surprises.votes_7d / surprises.vote_days_7d,
        NULL
      ) AS rate_this_week,
      IF(
        surprises.vote_days_7d >= thresholds.vote_acceleration_min_days
        AND surprises.vote_days_last_week >= thresholds.vote_acceleration_min_days,
        surprises.votes_last_week / surprises.vote_days_last_week,
        NULL
      ) AS rate_last_week
    FROM surprises
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  ),

  scores AS (
    SELECT
      evidence.*,
      CASE
        WHEN evidence.z_votes IS NULL THEN evidence.z_popularity
        WHEN evidence.z_popularity IS NULL THEN evidence.weight_of_votes * evidence.z_votes
        ELSE
          (evidence.weight_of_votes * evidence.z_votes + evidence.z_popularity)
          / SQRT(1 + evidence.weight_of_votes * evidence.weight_of_votes)
      END AS surge,
      evidence.votes_7d_shrunk / (thresholds.vote_rate_prior_days + evidence.vote_days_7d)
        AS votes_per_day,
      -- Shape of the Gamma that the current rate is drawn from; bounds by Wilson and Hilferty.
      1 / (1 / evidence.votes_7d_shrunk + thresholds.vote_overdispersion) AS rate_shape,
      evidence.rate_this_week - evidence.rate_last_week AS acceleration,
      thresholds.bounds_z * SQRT(
        (evidence.votes_7d + 1) / POW(NULLIF(evidence.vote_days_7d, 0), 2)
        + (evidence.votes_last_week + 1) / POW(NULLIF(evidence.vote_days_last_week, 0), 2)
        + thresholds.vote_overdispersion
        * (
          evidence.rate_this_week * evidence.rate_this_week
          + evidence.rate_last_week * evidence.rate_last_week
        )
      ) AS acceleration_error
    FROM evidence
    CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  )

  SELECT
    scores.movie_id,
    scores.snapshot_date AS calculation_date,
    CASE
      WHEN scores.baseline_days >= thresholds.full_history_min_days THEN 'full'
      WHEN scores.has_baseline THEN 'short'
      WHEN scores.past_level IS NOT NULL THEN 'cold'
      ELSE 'new'
    END AS history,
    IF(scores.has_votes, scores.is_corrected, NULL) AS is_vote_count_corrected,
    IF(scores.has_votes_3d, scores.votes_3d, NULL) AS votes_3d,
    IF(scores.has_votes_3d, scores.votes_expected_3d, NULL) AS votes_3d_expected,
    IF(scores.has_votes, scores.vote_rate, NULL) AS vote_baseline,
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
      -- The approximation ends up below the mean where next to nothing is known.
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
    EXP(scores.expected_level) AS popularity_baseline,
    EXP(scores.peer_shift) AS catalogue_factor,
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
    scores.growth_beyond_peers AS popularity_growth_7d,
    scores.growth_beyond_peers / (thresholds.growth_noise_factor * scores.volatility_1d)
      AS popularity_growth_z,
    scores.volatility_1d AS popularity_volatility_1d
  FROM scores
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
) AS fresh
-- Nothing matches: every stored row of these days goes, every fresh one comes, atomically.
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
  vote_baseline,
  votes_per_day_7d,
  votes_per_day_7d_low,
  votes_per_day_7d_high,
  vote_acceleration_7d,
  vote_acceleration_7d_low,
  vote_acceleration_7d_high,
  z_votes,
  weight_of_votes,
  popularity_baseline,
  catalogue_factor,
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
  fresh.vote_baseline,
  fresh.votes_per_day_7d,
  fresh.votes_per_day_7d_low,
  fresh.votes_per_day_7d_high,
  fresh.vote_acceleration_7d,
  fresh.vote_acceleration_7d_low,
  fresh.vote_acceleration_7d_high,
  fresh.z_votes,
  fresh.weight_of_votes,
  fresh.popularity_baseline,
  fresh.catalogue_factor,
  fresh.popularity_noise,
  fresh.z_popularity,
  fresh.surge,
  fresh.viral_coefficient,
  fresh.is_breakout_alarm,
  fresh.popularity_growth_7d,
  fresh.popularity_growth_z,
  fresh.popularity_volatility_1d
)
