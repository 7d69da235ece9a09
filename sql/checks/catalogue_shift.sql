-- catalogue_shift: the whole catalogue moved; classes that compare across the day are frozen.
-- Severity: warn
-- Grain: one row per such day.
SELECT
  snapshot_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  CONCAT(
    'the median movie moved by a factor of ',
    CAST(ROUND(EXP(popularity_log_change_1d_median), 3) AS STRING)
  ) AS problem
FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN @from_date AND @to_date AND is_catalogue_shift
