-- withheld_days: an operator withholds the day, until `tmdb-traction publish`.
-- Severity: hold
-- Grain: one row per such day.
SELECT
  snapshot_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  withheld_reason AS problem
FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN @from_date AND @to_date AND withheld_reason IS NOT NULL
