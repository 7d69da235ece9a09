-- v_vote_velocity_metrics: how fast votes come in on the newest published day that has votes.
-- A week in which TMDB corrected the counter says so instead of an engagement level.
-- Grain: one row per movie_id of that day.
CREATE OR REPLACE VIEW tmdb_analytics.v_vote_velocity_metrics AS
WITH
-- 9 days: the reference of a week is 7 to 9 days old.
corrected AS (
  SELECT signals.movie_id
  FROM tmdb_analytics.movie_viral_signals AS signals
  INNER JOIN tmdb_analytics.v_published_days AS newest
    ON
      newest.is_newest_with_votes
      AND signals.calculation_date > DATE_SUB(newest.snapshot_date, INTERVAL 9 DAY)
      AND signals.calculation_date <= newest.snapshot_date
  WHERE signals.is_vote_count_corrected
  GROUP BY signals.movie_id
)

SELECT
  snapshots.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  snapshots.snapshot_date AS last_updated,
  snapshots.vote_count AS current_vote_count,
  snapshots.vote_average,
  snapshots.vote_count_change_1d AS daily_vote_increase,
  snapshots.vote_count_change_7d AS weekly_vote_increase,
  snapshots.vote_count_pct_change_7d AS weekly_vote_pct_increase,
  metrics.vote_velocity_7d AS avg_daily_votes_7d,
  metrics.vote_acceleration_7d AS vote_acceleration,
  CASE
    WHEN metrics.vote_velocity_7d IS NULL THEN 'Insufficient history'
    WHEN
      corrected.movie_id IS NOT NULL
      OR metrics.vote_velocity_7d != ABS(metrics.vote_velocity_7d)
      THEN 'Votes corrected'
    WHEN metrics.vote_velocity_7d >= thresholds.viral_engagement_min_votes_per_day THEN 'Viral'
    WHEN metrics.vote_velocity_7d >= thresholds.high_engagement_min_votes_per_day
      THEN 'High Engagement'
    WHEN metrics.vote_velocity_7d >= thresholds.moderate_engagement_min_votes_per_day
      THEN 'Moderate Engagement'
    WHEN metrics.vote_velocity_7d >= thresholds.low_engagement_min_votes_per_day
      THEN 'Low Engagement'
    ELSE 'Minimal Engagement'
  END AS engagement_level,
  days.coverage
FROM tmdb_analytics.movie_daily_snapshots AS snapshots
INNER JOIN tmdb_analytics.v_published_days AS days
  ON snapshots.snapshot_date = days.snapshot_date AND days.is_newest_with_votes
LEFT JOIN tmdb_analytics.movie_metrics_aggregated AS metrics
  ON
    snapshots.movie_id = metrics.movie_id
    AND snapshots.snapshot_date = metrics.calculation_date
LEFT JOIN corrected ON snapshots.movie_id = corrected.movie_id
LEFT JOIN tmdb_analytics.movies AS movies ON snapshots.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE snapshots.vote_count IS NOT NULL
