-- top_gaining_movies: which movies gained most popularity in a week, in percent?
-- Grain: one row per movie_id of the newest published day.
SELECT
  title,
  weekly_pct_change,
  current_popularity
FROM tmdb_analytics.v_top_gaining_movies
ORDER BY gaining_rank
LIMIT 20
