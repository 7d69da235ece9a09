-- stale_popularity: more movies than usual have exactly the popularity of the day before.
-- Severity: warn
-- Grain: one row per such day.
WITH
days AS (
  SELECT
    snapshot_date,
    COUNT(popularity_change_1d) AS movies,
    COUNTIF(NULLIF(popularity_change_1d, 0) IS NULL AND popularity_change_1d IS NOT NULL)
      AS unchanged
  FROM tmdb_analytics.movie_daily_snapshots
  WHERE snapshot_date BETWEEN @from_date AND @to_date
  GROUP BY snapshot_date
)

SELECT
  days.snapshot_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  CONCAT(
    'popularity of ', CAST(days.unchanged AS STRING), ' of ', CAST(days.movies AS STRING),
    ' movies is that of the day before'
  ) AS problem
FROM days
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  days.movies >= thresholds.median_min_movies
  AND SAFE_DIVIDE(days.unchanged, days.movies) > thresholds.usual_max_share_of_stale_popularity
