-- last_complete_run: the day of the last complete daily or initial run. It looks at markers, not
-- at landed rows: those expire sooner than a long outage lasts.
SELECT MAX(run_date) AS run_date
FROM (
  SELECT
    run_id,
    run_date
  FROM tmdb_analytics.ingestion_log
  WHERE run_date BETWEEN @from_date AND @to_date AND mode IN ('daily', 'initial')
  GROUP BY run_id, run_date, mode
  HAVING
    COUNT(DISTINCT IF(event = 'BATCH_DONE', batch_no, NULL)) >= MAX(batch_count)
    AND (
      mode = 'daily' OR MAX(IF(event = 'RUN_PLANNED', expected, NULL)) >= (
        SELECT LEAST(COUNT(*), @details_per_day) FROM tmdb_analytics.tracked_movies
        WHERE retired_on IS NULL
      )
    )
)
