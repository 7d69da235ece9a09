-- breakouts: who broke out, when, and by what evidence?
-- Grain: one row per movie_id and started_on, newest first.
SELECT
  movie_id,
  started_on,
  is_confirmed,
  viral_coefficient,
  surge,
  votes_3d,
  votes_3d_expected,
  popularity_now,
  popularity_expected,
  market_factor,
  wikipedia_ratio,
  is_confirmed_by_wikipedia
FROM tmdb_analytics.v_breakouts
WHERE started_on BETWEEN @from_date AND @to_date
ORDER BY started_on DESC, surge DESC, movie_id ASC
