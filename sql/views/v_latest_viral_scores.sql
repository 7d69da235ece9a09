-- v_latest_viral_scores: v_viral_coefficient_scores of the newest days, from a small table.
-- Of the newest published day, and of the newest one with votes where that is another.
-- Grain: one row per movie_id and calculation_date with a coefficient.
CREATE OR REPLACE VIEW tmdb_analytics.v_latest_viral_scores AS
SELECT
  metrics.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  metrics.calculation_date,
  metrics.vote_velocity_7d,
  metrics.vote_acceleration_7d,
  metrics.popularity_wow_pct_change,
  metrics.viral_coefficient,
  metrics.trend_category,
  metrics.vote_count AS current_vote_count,
  metrics.popularity AS current_popularity,
  metrics.vote_average,
  100 * PERCENT_RANK() OVER (
    PARTITION BY metrics.calculation_date ORDER BY metrics.viral_coefficient
  ) AS viral_score_percentile,
  CASE
    WHEN metrics.viral_coefficient >= thresholds.extremely_viral_min_coefficient
      THEN 'Extremely Viral'
    WHEN metrics.viral_coefficient >= thresholds.highly_viral_min_coefficient
      THEN 'Highly Viral'
    WHEN metrics.viral_coefficient >= thresholds.moderately_viral_min_coefficient
      THEN 'Moderately Viral'
    WHEN metrics.viral_coefficient >= thresholds.slightly_viral_min_coefficient
      THEN 'Slightly Viral'
    ELSE 'Not Viral'
  END AS virality_category,
  metrics.viral_coefficient_classic,
  metrics.is_breakout_start,
  metrics.is_breakout_confirmed,
  metrics.votes_3d,
  days.is_newest,
  days.coverage
FROM tmdb_analytics.latest_movie_metrics AS metrics
INNER JOIN tmdb_analytics.v_published_days AS days
  ON metrics.calculation_date = days.snapshot_date
LEFT JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE metrics.viral_coefficient IS NOT NULL
