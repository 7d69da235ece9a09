-- movies_without_description: a movie with votes has no row in movies.
-- Severity: warn
-- Grain: one row per such movie_id and day.
SELECT
  snapshots.snapshot_date AS day,
  snapshots.movie_id,
  'no row in movies: charts show it without a title' AS problem
FROM tmdb_analytics.movie_daily_snapshots AS snapshots
LEFT JOIN tmdb_analytics.movies AS movies ON snapshots.movie_id = movies.movie_id
WHERE
  snapshots.snapshot_date BETWEEN @from_date AND @to_date
  AND snapshots.vote_count IS NOT NULL
  AND movies.movie_id IS NULL
