-- v_latest_popularity_metrics: popularity of the newest day, how it moves, and what to expect.
-- Grain: one row per movie_id of the newest published day.
CREATE OR REPLACE VIEW tmdb_analytics.v_latest_popularity_metrics AS
SELECT
  metrics.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  ARRAY(
    SELECT genre.name FROM UNNEST(movies.genres) AS genre WITH OFFSET AS place ORDER BY place
  ) AS genres,
  metrics.calculation_date AS last_updated,
  metrics.popularity AS current_popularity,
  metrics.popularity_change_1d AS daily_change,
  metrics.popularity_pct_change_1d AS daily_pct_change,
  metrics.popularity_wow_change AS weekly_change,
  metrics.popularity_wow_pct_change AS weekly_pct_change,
  metrics.momentum_status,
  metrics.momentum_status_1d,
  metrics.trend_category,
  metrics.popularity_rank,
  metrics.popularity_7d_ma,
  metrics.popularity_outlook_7d,
  metrics.popularity_outlook_7d_low,
  metrics.popularity_outlook_7d_high,
  metrics.is_frozen,
  days.coverage
FROM tmdb_analytics.latest_movie_metrics AS metrics
INNER JOIN tmdb_analytics.v_published_days AS days
  ON metrics.calculation_date = days.snapshot_date AND days.is_newest
LEFT JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
