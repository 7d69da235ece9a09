-- new_breakouts: who broke out on the days and was not announced yet; the strongest first.
-- Nothing of a day that is withheld, or no longer the newest: that would be no news.
SELECT
  metrics.calculation_date,
  metrics.movie_id,
  COALESCE(movies.title, movies.original_title) AS title,
  metrics.viral_coefficient
FROM tmdb_analytics.movie_metrics_aggregated AS metrics
INNER JOIN tmdb_analytics.v_published_days AS days
  ON metrics.calculation_date = days.snapshot_date AND days.is_newest
LEFT JOIN tmdb_analytics.movies AS movies ON metrics.movie_id = movies.movie_id
WHERE
  metrics.calculation_date BETWEEN @from_date AND @to_date
  AND metrics.is_breakout_start
  AND NOT EXISTS (
    SELECT 1
    FROM tmdb_analytics.ingestion_log AS events
    WHERE
      events.run_date = metrics.calculation_date
      AND events.run_date BETWEEN @from_date AND @to_date
      AND events.event = 'BREAKOUT_ANNOUNCED'
      AND events.movie_id = metrics.movie_id
  )
ORDER BY metrics.viral_coefficient DESC, metrics.movie_id ASC
