-- duplicate_keys: a movie has two rows of one day.
-- Severity: fail
-- Grain: one row per movie_id and day that is there more than once.
SELECT
  snapshot_date AS day,
  movie_id,
  CONCAT(CAST(COUNT(*) AS STRING), ' rows in movie_daily_snapshots') AS problem
FROM tmdb_analytics.movie_daily_snapshots
WHERE snapshot_date BETWEEN @from_date AND @to_date
GROUP BY snapshot_date, movie_id
HAVING COUNT(*) > 1
UNION ALL
SELECT
  calculation_date AS day,
  movie_id,
  CONCAT(CAST(COUNT(*) AS STRING), ' rows in movie_viral_signals') AS problem
FROM tmdb_analytics.movie_viral_signals
WHERE calculation_date BETWEEN @from_date AND @to_date
GROUP BY calculation_date, movie_id
HAVING COUNT(*) > 1
UNION ALL
SELECT
  calculation_date AS day,
  movie_id,
  CONCAT(CAST(COUNT(*) AS STRING), ' rows in movie_metrics_aggregated') AS problem
FROM tmdb_analytics.movie_metrics_aggregated
WHERE calculation_date BETWEEN @from_date AND @to_date
GROUP BY calculation_date, movie_id
HAVING COUNT(*) > 1
