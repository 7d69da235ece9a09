-- v_popularity_7d_moving_average: popularity smoothed over 7 calendar days, and how far off it is.
-- NULL averages: too few of the 7 days were observed.
-- Grain: one row per movie_id and published snapshot_date.
CREATE OR REPLACE VIEW tmdb_analytics.v_popularity_7d_moving_average AS
SELECT
  metrics.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  metrics.calculation_date AS snapshot_date,
  metrics.popularity,
  metrics.popularity_7d_ma,
  metrics.popularity - metrics.popularity_7d_ma AS deviation_from_ma,
  metrics.popularity_7d_stddev AS popularity_volatility_7d,
  metrics.days_observed_7d,
  days.coverage
FROM tmdb_analytics.movie_metrics_aggregated AS metrics
INNER JOIN tmdb_analytics.v_published_days AS days
  ON metrics.calculation_date = days.snapshot_date
LEFT JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
