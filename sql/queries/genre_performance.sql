-- genre_performance: which genres are viral, popular and growing?
-- A movie counts in each of its genres; genres with too few movies are left out.
-- Grain: one row per genre, of the newest published day.
WITH
members AS (
  SELECT
    genre.name AS genre,
    metrics.movie_id,
    metrics.popularity,
    metrics.popularity_wow_pct_change,
    metrics.vote_velocity_7d,
    metrics.viral_coefficient,
    metrics.viral_coefficient >= thresholds.moderately_viral_min_coefficient AS is_viral,
    metrics.is_breakout_start
  FROM tmdb_analytics.latest_movie_metrics AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS newest
    ON metrics.calculation_date = newest.snapshot_date AND newest.is_newest
  INNER JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
  CROSS JOIN UNNEST(movies.genres) AS genre
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
),

medians AS (
  SELECT
    *,
    PERCENTILE_CONT(popularity, 0.5) OVER of_genre AS popularity_median,
    PERCENTILE_CONT(popularity_wow_pct_change, 0.5) OVER of_genre AS weekly_pct_change_median
  FROM members
  WINDOW of_genre AS (PARTITION BY genre)
),

genres AS (
  SELECT
    genre,
    COUNT(movie_id) AS movies,
    AVG(viral_coefficient) AS viral_coefficient_mean,
    COUNTIF(is_viral) AS viral_movies,
    COUNTIF(is_breakout_start) AS breakouts,
    MAX(popularity_median) AS popularity_median,
    MAX(weekly_pct_change_median) AS weekly_pct_change_median,
    AVG(vote_velocity_7d) AS votes_per_day_mean
  FROM medians
  GROUP BY genre
)

SELECT
  genres.genre,
  genres.movies,
  genres.viral_coefficient_mean,
  genres.viral_movies,
  100 * SAFE_DIVIDE(genres.viral_movies, genres.movies) AS viral_pct,
  genres.breakouts,
  genres.popularity_median,
  genres.weekly_pct_change_median,
  genres.votes_per_day_mean
FROM genres
CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
WHERE genres.movies >= thresholds.genre_report_min_movies
ORDER BY genres.viral_coefficient_mean DESC, genres.genre ASC
LIMIT 100
