-- count: how many tracked movies a day's export should have: those that one of the week had.
SELECT COUNT(*) AS movies FROM tmdb_analytics.tracked_movies
WHERE retired_on IS NULL AND last_in_top_on >= DATE_SUB(@run_date, INTERVAL 7 DAY)
