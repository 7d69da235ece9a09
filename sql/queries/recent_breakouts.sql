-- recent_breakouts: what broke out within the last week, and by what evidence?
-- Grain: one row per movie_id and started_on, of the 7 days up to the newest published one.
SELECT
  breakouts.started_on,
  breakouts.title,
  breakouts.is_confirmed,
  breakouts.viral_coefficient,
  breakouts.surge,
  breakouts.votes_3d,
  breakouts.votes_3d_expected,
  breakouts.popularity,
  breakouts.popularity_expected
FROM tmdb_analytics.v_breakouts AS breakouts
INNER JOIN tmdb_analytics.v_published_days AS newest
  ON
    newest.is_newest
    AND breakouts.started_on > DATE_SUB(newest.snapshot_date, INTERVAL 7 DAY)
ORDER BY breakouts.started_on DESC, breakouts.surge DESC, breakouts.movie_id ASC
LIMIT 100
