-- coverage: too few of the movies that TMDB has were fetched, or their number is unknown.
-- Severity: warn
-- Grain: one row per such day.
SELECT
  days.snapshot_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  CONCAT(
    'coverage ', COALESCE(CAST(ROUND(days.coverage, 4) AS STRING), 'is unknown, which'),
    ' is below ', CAST(thresholds.published_min_coverage AS STRING)
  ) AS problem
FROM tmdb_analytics.catalogue_days AS days
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  days.snapshot_date BETWEEN @from_date AND @to_date
  -- Without a run that fetches there is nothing to cover.
  AND days.movies_expected IS NOT NULL
  AND NOT COALESCE(days.coverage >= thresholds.published_min_coverage, FALSE)
