-- tracked_movies: retire what has not been among the most popular for 30 days.
-- Churn of the top is 60 % in 28 days, most of it returning: sooner would lose their votes.
-- Grain: one row per movie_id.
UPDATE tmdb_analytics.tracked_movies
SET
  retired_on = @to_date,
  retired_reason = 'outside the top',
  updated_by_run = CONCAT('weekly-', CAST(@to_date AS STRING))
WHERE retired_on IS NULL AND last_in_top_on < DATE_SUB(@to_date, INTERVAL 30 DAY)
