-- v_breakouts: the breakouts of the days kept: when they began and by what evidence.
-- A breakout begins with an alarm after 7 days without one; another alarm within 2 days
-- confirms it.
-- Grain: one row per movie_id and started_on.
CREATE OR REPLACE VIEW tmdb_analytics.v_breakouts AS
WITH
confirmations AS (
  SELECT
    metrics.movie_id,
    metrics.calculation_date
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON metrics.calculation_date = days.snapshot_date
  WHERE metrics.is_breakout_confirmed
),

starts AS (
  SELECT
    metrics.movie_id,
    metrics.calculation_date AS started_on,
    metrics.popularity,
    metrics.vote_count,
    metrics.viral_coefficient,
    days.coverage,
    LOGICAL_OR(confirmations.movie_id IS NOT NULL) AS is_confirmed
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON metrics.calculation_date = days.snapshot_date
  LEFT JOIN confirmations
    ON
      metrics.movie_id = confirmations.movie_id
      AND confirmations.calculation_date > metrics.calculation_date
      AND confirmations.calculation_date <= DATE_ADD(metrics.calculation_date, INTERVAL 2 DAY)
  WHERE metrics.is_breakout_start
  GROUP BY
    metrics.movie_id,
    metrics.calculation_date,
    metrics.popularity,
    metrics.vote_count,
    metrics.viral_coefficient,
    days.coverage
)

SELECT
  starts.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  movies.release_date,
  starts.started_on,
  starts.is_confirmed,
  starts.viral_coefficient,
  signals.surge,
  signals.z_votes,
  signals.z_popularity,
  signals.votes_3d,
  signals.votes_3d_expected,
  starts.popularity,
  signals.popularity_now,
  signals.popularity_expected,
  signals.market_factor,
  starts.vote_count,
  starts.coverage
FROM starts
LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
  ON starts.movie_id = signals.movie_id AND starts.started_on = signals.calculation_date
LEFT JOIN tmdb_analytics.movies AS movies ON starts.movie_id = movies.movie_id
