-- v_top_viral_movies: the trending topics, by viral coefficient.
-- Of the newest day with coefficients; enough votes that growth in percent means something;
-- ties (many reach 100) go to the one with more votes per day.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_top_viral_movies AS
WITH
ranked AS (
  SELECT
    scores.*,
    ROW_NUMBER() OVER (
      ORDER BY scores.viral_coefficient DESC, scores.vote_velocity_7d DESC, scores.movie_id ASC
    ) AS viral_rank
  FROM tmdb_analytics.v_viral_coefficient_scores AS scores
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    scores.calculation_date = (
      SELECT MAX(newest.calculation_date)
      FROM tmdb_analytics.movie_metrics_aggregated AS newest
      WHERE newest.viral_coefficient IS NOT NULL
    )
    AND scores.viral_coefficient >= thresholds.top_viral_min_coefficient
    AND scores.current_vote_count >= thresholds.top_viral_min_vote_count
)

SELECT
  ranked.viral_rank,
  ranked.movie_id,
  ranked.title,
  ranked.release_date,
  DATE_DIFF(ranked.calculation_date, ranked.release_date, DAY) AS days_since_release,
  ranked.calculation_date AS last_updated,
  ranked.viral_coefficient,
  ranked.virality_category,
  ranked.trend_category,
  ranked.vote_velocity_7d AS avg_daily_votes,
  ranked.vote_acceleration_7d AS vote_acceleration,
  ranked.current_vote_count AS total_votes,
  ranked.vote_average AS rating,
  ranked.current_popularity,
  ranked.popularity_wow_pct_change AS wow_popularity_change,
  ranked.viral_score_percentile
FROM ranked
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE ranked.viral_rank <= thresholds.top_list_max_rows
