-- not_found_before: the movies that TMDB had not on an earlier day, nor ever since.
WITH missing AS (
  SELECT
    movie_id,
    MAX(run_date) AS missing_on
  FROM tmdb_analytics.ingestion_log
  WHERE event = 'MOVIE_NOT_FOUND' AND run_date BETWEEN @from_date AND @to_date
  GROUP BY movie_id
),

landed AS (
  SELECT
    movie_id,
    MAX(run_date) AS landed_on
  FROM tmdb_analytics.movie_details_raw
  WHERE run_date BETWEEN @from_date AND @to_date
  GROUP BY movie_id
)

SELECT missing.movie_id
FROM missing
LEFT JOIN landed ON missing.movie_id = landed.movie_id
WHERE landed.landed_on IS NULL OR landed.landed_on < missing.missing_on
