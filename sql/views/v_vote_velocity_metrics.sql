-- v_vote_velocity_metrics: how fast votes come in on the newest day that has votes.
-- Grain: one row per movie_id of that day.
CREATE OR REPLACE VIEW tmdb_analytics.v_vote_velocity_metrics AS
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
    WHEN metrics.vote_velocity_7d >= thresholds.viral_engagement_min_votes_per_day THEN 'Viral'
    WHEN metrics.vote_velocity_7d >= thresholds.high_engagement_min_votes_per_day
      THEN 'High Engagement'
    WHEN metrics.vote_velocity_7d >= thresholds.moderate_engagement_min_votes_per_day
      THEN 'Moderate Engagement'
    WHEN metrics.vote_velocity_7d >= thresholds.low_engagement_min_votes_per_day
      THEN 'Low Engagement'
    ELSE 'Minimal Engagement'
  END AS engagement_level
FROM tmdb_analytics.movie_daily_snapshots AS snapshots
LEFT JOIN tmdb_analytics.movie_metrics_aggregated AS metrics
  ON
    snapshots.movie_id = metrics.movie_id
    AND snapshots.snapshot_date = metrics.calculation_date
LEFT JOIN tmdb_analytics.movies AS movies ON snapshots.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  snapshots.vote_count IS NOT NULL
  AND snapshots.snapshot_date = (
    SELECT MAX(newest.snapshot_date)
    FROM tmdb_analytics.movie_daily_snapshots AS newest
    WHERE newest.vote_count IS NOT NULL
  )
