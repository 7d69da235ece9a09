-- first_details_day: the first day of the week before with details that are newer than in movies.
-- A weekly run computes no day, and a late batch comes after its day: usually all are in movies.
-- Grain: one row.
SELECT COALESCE(MIN(details.run_date), @from_date) AS first_day
FROM tmdb_analytics.movie_details_raw AS details
LEFT JOIN tmdb_analytics.movies AS movies ON details.movie_id = movies.movie_id
WHERE
  details.run_date
  BETWEEN DATE_SUB(@from_date, INTERVAL 7 DAY) AND DATE_SUB(@from_date, INTERVAL 1 DAY)
  AND (movies.movie_id IS NULL OR details.fetched_at > movies.last_updated)
