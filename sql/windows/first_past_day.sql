-- first_past_day: the first of the 46 days before whose export has movies that were not tracked.
-- Only they have a past to be stored: where every movie is tracked, none has, and none is read.
-- Grain: one row.
SELECT COALESCE(MIN(export_date), @from_date) AS first_day
FROM tmdb_analytics.movie_popularity_raw
WHERE
  export_date
  BETWEEN DATE_SUB(@from_date, INTERVAL 46 DAY) AND DATE_SUB(@from_date, INTERVAL 1 DAY)
  AND NOT is_tracked
