-- emerging_trends: whose votes speed up, before the charts show it?
-- Grain: one row per movie_id of the newest published day with votes.
SELECT
  title,
  vote_acceleration_7d,
  viral_score_change_7d,
  trend_category
FROM tmdb_analytics.v_emerging_viral_trends
ORDER BY emerging_rank
LIMIT 20
