-- latest_movie_metrics: all that is known of each movie on the newest published day.
-- And on the newest published day with votes, where that is another. BigQuery does not prune days
-- that a query looks up: so views of the newest day read this table, and the days are parameters
-- here. All of it is replaced in one statement; without a published day it is empty.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.latest_movie_metrics AS stored
USING (
  WITH
  -- What was 1 or 7 days before is the newest of it at most 2 days older.
  ranks_day_before AS (
    SELECT
      past.movie_id,
      ARRAY_AGG(past.popularity_rank ORDER BY past.calculation_date DESC LIMIT 1)[OFFSET(0)]
        AS popularity_rank
    FROM tmdb_analytics.movie_metrics_aggregated AS past
    INNER JOIN tmdb_analytics.v_published_days AS days
      ON past.calculation_date = days.snapshot_date
    WHERE
      past.calculation_date
      BETWEEN DATE_SUB(@newest_day, INTERVAL 3 DAY) AND DATE_SUB(@newest_day, INTERVAL 1 DAY)
      AND past.popularity_rank IS NOT NULL
    GROUP BY past.movie_id
  ),

  ranks_week_before AS (
    SELECT
      past.movie_id,
      ARRAY_AGG(past.popularity_rank ORDER BY past.calculation_date DESC LIMIT 1)[OFFSET(0)]
        AS popularity_rank
    FROM tmdb_analytics.movie_metrics_aggregated AS past
    INNER JOIN tmdb_analytics.v_published_days AS days
      ON past.calculation_date = days.snapshot_date
    WHERE
      past.calculation_date
      BETWEEN DATE_SUB(@newest_day, INTERVAL 9 DAY) AND DATE_SUB(@newest_day, INTERVAL 7 DAY)
      AND past.popularity_rank IS NOT NULL
    GROUP BY past.movie_id
  ),

  scores_week_before AS (
    SELECT
      past.movie_id,
      ARRAY_AGG(past.viral_coefficient ORDER BY past.calculation_date DESC LIMIT 1)[OFFSET(0)]
        AS viral_coefficient
    FROM tmdb_analytics.movie_metrics_aggregated AS past
    INNER JOIN tmdb_analytics.v_published_days AS days
      ON past.calculation_date = days.snapshot_date
    WHERE
      past.calculation_date
      BETWEEN DATE_SUB(@newest_day_with_votes, INTERVAL 9 DAY)
      AND DATE_SUB(@newest_day_with_votes, INTERVAL 7 DAY)
      AND past.viral_coefficient IS NOT NULL
    GROUP BY past.movie_id
  ),

  -- 9 days: the reference of a week is 7 to 9 days old.
  corrected AS (
    SELECT movie_id
    FROM tmdb_analytics.movie_viral_signals
    WHERE
      calculation_date
      BETWEEN DATE_SUB(@newest_day_with_votes, INTERVAL 8 DAY) AND @newest_day_with_votes
      AND is_vote_count_corrected
    GROUP BY movie_id
  )

  SELECT
    metrics.movie_id,
    metrics.calculation_date,
    metrics.popularity,
    metrics.popularity_rank,
    ranks_day_before.popularity_rank AS popularity_rank_1d_ago,
    ranks_week_before.popularity_rank AS popularity_rank_7d_ago,
    metrics.vote_count,
    metrics.popularity_change_1d,
    metrics.popularity_pct_change_1d,
    metrics.popularity_7d_ma,
    metrics.popularity_wow_change,
    metrics.popularity_wow_pct_change,
    metrics.momentum_status,
    metrics.momentum_status_1d,
    metrics.vote_velocity_7d,
    metrics.vote_acceleration_7d,
    metrics.viral_coefficient,
    metrics.viral_coefficient_classic,
    metrics.trend_category,
    metrics.is_frozen,
    metrics.is_breakout_start,
    metrics.is_breakout_confirmed,
    metrics.popularity_outlook_7d,
    metrics.popularity_outlook_7d_low,
    metrics.popularity_outlook_7d_high,
    signals.history,
    signals.is_vote_count_corrected,
    signals.votes_3d,
    signals.votes_3d_expected,
    signals.z_votes,
    signals.weight_of_votes,
    signals.popularity_now,
    signals.popularity_expected,
    signals.expected_level,
    signals.market_factor,
    signals.popularity_noise,
    signals.z_popularity,
    signals.surge,
    signals.is_breakout_alarm,
    signals.popularity_growth_7d,
    signals.popularity_growth_z,
    signals.vote_acceleration_7d AS vote_acceleration_7d_measured,
    signals.vote_acceleration_7d_low,
    signals.vote_acceleration_7d_high,
    snapshots.vote_average,
    snapshots.vote_count_change_1d,
    snapshots.vote_count_change_7d,
    snapshots.vote_count_pct_change_7d,
    scores_week_before.viral_coefficient AS viral_coefficient_7d_ago,
    corrected.movie_id IS NOT NULL AS is_vote_count_corrected_9d
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
    ON
      metrics.movie_id = signals.movie_id
      AND metrics.calculation_date = signals.calculation_date
      AND signals.calculation_date IN (@newest_day, @newest_day_with_votes)
  LEFT JOIN tmdb_analytics.movie_daily_snapshots AS snapshots
    ON
      metrics.movie_id = snapshots.movie_id
      AND metrics.calculation_date = snapshots.snapshot_date
      AND snapshots.snapshot_date IN (@newest_day, @newest_day_with_votes)
  LEFT JOIN ranks_day_before
    ON
      metrics.movie_id = ranks_day_before.movie_id
      AND metrics.calculation_date = @newest_day
  LEFT JOIN ranks_week_before
    ON
      metrics.movie_id = ranks_week_before.movie_id
      AND metrics.calculation_date = @newest_day
  LEFT JOIN scores_week_before
    ON
      metrics.movie_id = scores_week_before.movie_id
      AND metrics.calculation_date = @newest_day_with_votes
  LEFT JOIN corrected
    ON
      metrics.movie_id = corrected.movie_id
      AND metrics.calculation_date = @newest_day_with_votes
  WHERE metrics.calculation_date IN (@newest_day, @newest_day_with_votes)
) AS fresh
-- Nothing matches: every row is replaced atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  calculation_date,
  popularity,
  popularity_rank,
  popularity_rank_1d_ago,
  popularity_rank_7d_ago,
  vote_count,
  popularity_change_1d,
  popularity_pct_change_1d,
  popularity_7d_ma,
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
  popularity_outlook_7d_high,
  history,
  is_vote_count_corrected,
  votes_3d,
  votes_3d_expected,
  z_votes,
  weight_of_votes,
  popularity_now,
  popularity_expected,
  expected_level,
  market_factor,
  popularity_noise,
  z_popularity,
  surge,
  is_breakout_alarm,
  popularity_growth_7d,
  popularity_growth_z,
  vote_acceleration_7d_measured,
  vote_acceleration_7d_low,
  vote_acceleration_7d_high,
  vote_average,
  vote_count_change_1d,
  vote_count_change_7d,
  vote_count_pct_change_7d,
  viral_coefficient_7d_ago,
  is_vote_count_corrected_9d
) VALUES (
  fresh.movie_id,
  fresh.calculation_date,
  fresh.popularity,
  fresh.popularity_rank,
  fresh.popularity_rank_1d_ago,
  fresh.popularity_rank_7d_ago,
  fresh.vote_count,
  fresh.popularity_change_1d,
  fresh.popularity_pct_change_1d,
  fresh.popularity_7d_ma,
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
  fresh.popularity_outlook_7d_high,
  fresh.history,
  fresh.is_vote_count_corrected,
  fresh.votes_3d,
  fresh.votes_3d_expected,
  fresh.z_votes,
  fresh.weight_of_votes,
  fresh.popularity_now,
  fresh.popularity_expected,
  fresh.expected_level,
  fresh.market_factor,
  fresh.popularity_noise,
  fresh.z_popularity,
  fresh.surge,
  fresh.is_breakout_alarm,
  fresh.popularity_growth_7d,
  fresh.popularity_growth_z,
  fresh.vote_acceleration_7d_measured,
  fresh.vote_acceleration_7d_low,
  fresh.vote_acceleration_7d_high,
  fresh.vote_average,
  fresh.vote_count_change_1d,
  fresh.vote_count_change_7d,
  fresh.vote_count_pct_change_7d,
  fresh.viral_coefficient_7d_ago,
  fresh.is_vote_count_corrected_9d
)
