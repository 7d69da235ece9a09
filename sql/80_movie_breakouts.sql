-- movie_breakouts: who broke out on each day, or was confirmed to, and by what evidence.
-- The requested days are replaced as a whole, in one statement.
-- Grain: one row per movie_id and calculation_date.
MERGE tmdb_analytics.movie_breakouts AS stored
USING (
  SELECT
    metrics.movie_id,
    metrics.calculation_date,
    COALESCE(metrics.is_breakout_start, FALSE) AS is_breakout_start,
    COALESCE(metrics.is_breakout_confirmed, FALSE) AS is_breakout_confirmed,
    metrics.viral_coefficient,
    metrics.popularity,
    metrics.vote_count,
    signals.surge,
    signals.z_votes,
    signals.z_popularity,
    signals.votes_3d,
    signals.votes_3d_expected,
    signals.popularity_now,
    signals.popularity_expected,
    signals.market_factor
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  LEFT JOIN tmdb_analytics.movie_viral_signals AS signals
    ON
      metrics.movie_id = signals.movie_id
      AND metrics.calculation_date = signals.calculation_date
      AND signals.calculation_date BETWEEN @from_date AND @to_date
  WHERE
    metrics.calculation_date BETWEEN @from_date AND @to_date
    AND (metrics.is_breakout_start OR metrics.is_breakout_confirmed)
) AS fresh
-- Nothing matches: all rows of these days are replaced atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE AND stored.calculation_date BETWEEN @from_date AND @to_date
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  calculation_date,
  is_breakout_start,
  is_breakout_confirmed,
  viral_coefficient,
  popularity,
  vote_count,
  surge,
  z_votes,
  z_popularity,
  votes_3d,
  votes_3d_expected,
  popularity_now,
  popularity_expected,
  market_factor
) VALUES (
  fresh.movie_id,
  fresh.calculation_date,
  fresh.is_breakout_start,
  fresh.is_breakout_confirmed,
  fresh.viral_coefficient,
  fresh.popularity,
  fresh.vote_count,
  fresh.surge,
  fresh.z_votes,
  fresh.z_popularity,
  fresh.votes_3d,
  fresh.votes_3d_expected,
  fresh.popularity_now,
  fresh.popularity_expected,
  fresh.market_factor
)
