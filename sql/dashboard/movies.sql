-- movies: what is known of each movie of the newest published day?
-- The first places, and every other movie of a list.
-- Grain: one row per movie_id, by popularity_rank.
WITH
listed AS (
  SELECT movie_id FROM tmdb_analytics.v_top_gaining_movies
  UNION DISTINCT
  SELECT movie_id FROM tmdb_analytics.v_top_declining_movies
  UNION DISTINCT
  SELECT movie_id FROM tmdb_analytics.v_top_viral_movies
  UNION DISTINCT
  SELECT movie_id FROM tmdb_analytics.v_emerging_viral_trends
)

SELECT
  latest.movie_id,
  COALESCE(latest.title, CONCAT('Movie ', CAST(latest.movie_id AS STRING))) AS title,
  latest.release_date,
  latest.genres,
  latest.current_popularity,
  latest.daily_pct_change,
  latest.weekly_pct_change,
  latest.momentum_status,
  latest.popularity_7d_ma,
  latest.popularity_outlook_7d,
  latest.popularity_outlook_7d_low,
  latest.popularity_outlook_7d_high,
  COALESCE(latest.is_frozen, FALSE) AS is_frozen,
  ranks.popularity_rank,
  ranks.rank_change_1d,
  ranks.rank_change_7d,
  ranks.peak_rank,
  ranks.peak_date,
  ranks.days_on_chart,
  ranks.is_new_entry,
  ranks.is_re_entry,
  votes.current_vote_count,
  votes.vote_average,
  votes.avg_daily_votes_7d,
  votes.engagement_level,
  explained.viral_coefficient,
  COALESCE(explained.virality_category, 'Insufficient history') AS virality_category,
  explained.surge,
  explained.votes_3d,
  explained.votes_3d_expected,
  explained.z_votes,
  explained.surge_from_votes,
  explained.popularity_now,
  explained.popularity_expected,
  explained.expected_level,
  explained.market_factor,
  explained.z_popularity,
  explained.surge_from_popularity,
  explained.popularity_growth_factor_7d,
  explained.popularity_growth_z,
  explained.not_in_top_viral_because,
  explained.not_in_top_gaining_because,
  explained.not_in_emerging_because
FROM tmdb_analytics.v_latest_popularity_metrics AS latest
INNER JOIN tmdb_analytics.v_popularity_ranks AS ranks ON latest.movie_id = ranks.movie_id
LEFT JOIN tmdb_analytics.v_vote_velocity_metrics AS votes ON latest.movie_id = votes.movie_id
LEFT JOIN tmdb_analytics.v_latest_score_explained AS explained
  ON latest.movie_id = explained.movie_id AND latest.last_updated = explained.calculation_date
LEFT JOIN listed ON latest.movie_id = listed.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE
  listed.movie_id IS NOT NULL OR ranks.popularity_rank <= thresholds.dashboard_max_movies
ORDER BY ranks.popularity_rank, latest.movie_id
