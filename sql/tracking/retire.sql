-- retire: retire movies that were not among the most popular for 30 days, or were deleted.
-- Churn of the top is 60 % in 28 days, most of it returning: sooner would lose their votes.
-- Gone: TMDB did not have the movie on two of the last 15 days (the week, the week before and a
-- day of grace), and nothing was fetched since.
-- Grain: one row per movie_id.
UPDATE tmdb_analytics.tracked_movies
SET
  retired_on = @to_date,
  retired_reason = IF(
    last_in_top_on < DATE_SUB(@to_date, INTERVAL 30 DAY), 'outside the top', 'deleted at TMDB'
  ),
  updated_by_run = CONCAT('weekly-', CAST(@to_date AS STRING))
WHERE
  retired_on IS NULL
  AND (
    last_in_top_on < DATE_SUB(@to_date, INTERVAL 30 DAY)
    OR movie_id IN (
      SELECT missing.movie_id
      FROM (
        SELECT
          movie_id,
          MAX(run_date) AS missing_on
        FROM tmdb_analytics.ingestion_log
        WHERE
          event = 'MOVIE_NOT_FOUND'
          AND run_date BETWEEN DATE_SUB(@to_date, INTERVAL 15 DAY) AND @to_date
        GROUP BY movie_id
        HAVING COUNT(DISTINCT run_date) > 1
      ) AS missing
      LEFT JOIN (
        SELECT
          movie_id,
          MAX(run_date) AS fetched_on
        FROM tmdb_analytics.movie_details_raw
        WHERE run_date BETWEEN DATE_SUB(@to_date, INTERVAL 15 DAY) AND @to_date
        GROUP BY movie_id
      ) AS fetched ON missing.movie_id = fetched.movie_id
      WHERE fetched.fetched_on IS NULL OR fetched.fetched_on < missing.missing_on
    )
  )
