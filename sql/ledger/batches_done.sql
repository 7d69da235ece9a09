-- batches_done: the batches of a run whose marker is visible, each with its newest time.
SELECT
  batch_no,
  MAX(logged_at) AS done_at
FROM tmdb_analytics.ingestion_log
WHERE run_id = @run_id AND run_date = @run_date AND event = 'BATCH_DONE'
GROUP BY batch_no
