-- stale_popularity: more movies than usual have exactly the popularity of the day before.
-- Of the movies that are popular enough to move every day: all tracked ones of a small catalogue,
-- a few thousand of a large one, whose others may rest for weeks.
-- Severity: warn
-- Grain: one row per such day.
WITH
days AS (
  SELECT
    snapshots.snapshot_date,
    COUNT(snapshots.popularity_change_1d) AS movies,
    COUNTIF(
      NULLIF(snapshots.popularity_change_1d, 0) IS NULL
      AND snapshots.popularity_change_1d IS NOT NULL
    ) AS unchanged
  FROM tmdb_analytics.movie_daily_snapshots AS snapshots
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    snapshots.snapshot_date BETWEEN @from_date AND @to_date
    AND snapshots.popularity >= thresholds.stale_popularity_min_popularity
  GROUP BY snapshots.snapshot_date
)

SELECT
  days.snapshot_date AS day,
  CAST(NULL AS INT64) AS movie_id,
  CONCAT(
    'popularity of ', CAST(days.unchanged AS STRING), ' of ', CAST(days.movies AS STRING),
    ' popular movies is that of the day before'
  ) AS problem
FROM days
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  days.movies >= thresholds.median_min_movies
  AND SAFE_DIVIDE(days.unchanged, days.movies) > thresholds.usual_max_share_of_stale_popularity
