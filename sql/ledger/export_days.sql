-- export_days: the days whose export was loaded or requested, and how often.
SELECT
  day,
  LOGICAL_OR(is_loaded) AS is_loaded,
  SUM(requests) AS requests
FROM (
  SELECT
    export_date AS day,
    TRUE AS is_loaded,
    0 AS requests
  FROM tmdb_analytics.movie_popularity_raw
  WHERE export_date BETWEEN @from_date AND @to_date
  GROUP BY export_date
  UNION ALL
  SELECT
    export_date AS day,
    FALSE AS is_loaded,
    COUNT(*) AS requests
  FROM tmdb_analytics.batch_plan
  WHERE run_date >= @from_date AND export_date BETWEEN @from_date AND @to_date
  GROUP BY export_date
)
GROUP BY day
