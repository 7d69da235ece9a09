-- trending_topics: what does everybody talk about right now?
-- Grain: one row per movie_id of the newest published day.
SELECT
  title,
  viral_coefficient,
  avg_daily_votes,
  virality_category,
  viral_rank
FROM tmdb_analytics.v_top_viral_movies
ORDER BY viral_rank
LIMIT 20
