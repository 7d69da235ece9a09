-- v_latest_popularity_metrics: popularity of the newest day and how it moves.
-- Grain: one row per movie_id of the newest snapshot_date.
CREATE OR REPLACE VIEW tmdb_analytics.v_latest_popularity_metrics AS
SELECT
  snapshots.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  snapshots.snapshot_date AS last_updated,
  snapshots.popularity AS current_popularity,
  snapshots.popularity_change_1d AS daily_change,
  snapshots.popularity_pct_change_1d AS daily_pct_change,
  snapshots.popularity_change_7d AS weekly_change,
  snapshots.popularity_pct_change_7d AS weekly_pct_change,
  CASE
    WHEN snapshots.popularity_pct_change_1d IS NULL THEN 'Insufficient history'
    WHEN snapshots.popularity_pct_change_1d > thresholds.surging_min_popularity_pct_change_1d
      THEN 'Surging'
    WHEN snapshots.popularity_pct_change_1d > thresholds.rising_min_popularity_pct_change_1d
      THEN 'Rising'
    WHEN snapshots.popularity_pct_change_1d > thresholds.declining_max_popularity_pct_change_1d
      THEN 'Stable'
    WHEN snapshots.popularity_pct_change_1d > thresholds.falling_max_popularity_pct_change_1d
      THEN 'Declining'
    ELSE 'Falling'
  END AS momentum_status
FROM tmdb_analytics.movie_daily_snapshots AS snapshots
LEFT JOIN tmdb_analytics.movies AS movies ON snapshots.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  snapshots.snapshot_date = (
    SELECT MAX(newest.snapshot_date) FROM tmdb_analytics.movie_daily_snapshots AS newest
  )
