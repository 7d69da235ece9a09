-- v_top_viral_movies: the trending topics, by viral coefficient.
-- Of the newest published day; movies with a few votes or some popularity at least. Ties go to
-- the one with more votes per day.
-- Grain: one row per movie_id, at most top_list_max_rows of them.
CREATE OR REPLACE VIEW tmdb_analytics.v_top_viral_movies AS
WITH
ranked AS (
  SELECT
    scores.*,
    thresholds.top_list_max_rows,
    ROW_NUMBER() OVER (
      ORDER BY scores.viral_coefficient DESC, scores.vote_velocity_7d DESC, scores.movie_id ASC
    ) AS viral_rank
  FROM tmdb_analytics.v_latest_viral_scores AS scores
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    scores.is_newest
    AND scores.viral_coefficient >= thresholds.top_viral_min_coefficient
    AND (
      scores.votes_3d >= thresholds.breakout_min_votes_3d
      OR scores.current_popularity >= thresholds.breakout_min_popularity
    )
)

SELECT
  viral_rank,
  movie_id,
  title,
  release_date,
  DATE_DIFF(calculation_date, release_date, DAY) AS days_since_release,
  calculation_date AS last_updated,
  viral_coefficient,
  virality_category,
  trend_category,
  vote_velocity_7d AS avg_daily_votes,
  vote_acceleration_7d AS vote_acceleration,
  current_vote_count AS total_votes,
  vote_average AS rating,
  current_popularity,
  popularity_wow_pct_change AS wow_popularity_change,
  viral_score_percentile,
  is_breakout_start,
  is_breakout_confirmed,
  coverage
FROM ranked
WHERE viral_rank <= top_list_max_rows
