-- emerging: whose votes speed up, and between which bounds?
-- Grain: one row per movie_id, by emerging_rank.
SELECT
  movie_id,
  last_updated,
  vote_velocity_7d,
  vote_acceleration_7d,
  vote_acceleration_7d_low,
  vote_acceleration_7d_high,
  current_viral_score,
  viral_score_change_7d
FROM tmdb_analytics.v_emerging_viral_trends
ORDER BY emerging_rank
