-- freshness: the newest requested day has no row.
-- Severity: fail
-- Grain: at most one row.
SELECT
  @to_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  'no tracked movie has a snapshot of the day' AS problem
FROM tmdb_analytics.metric_thresholds
WHERE NOT EXISTS (
  SELECT 1
  FROM tmdb_analytics.movie_daily_snapshots
  WHERE snapshot_date BETWEEN @to_date AND @to_date AND COALESCE(is_tracked, TRUE)
)
