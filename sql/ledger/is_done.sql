-- is_done: whether a batch's marker is visible.
SELECT COUNT(*) > 0 AS is_done
FROM tmdb_analytics.ingestion_log
WHERE
  run_id = @run_id AND run_date = @run_date
  AND event = 'BATCH_DONE' AND batch_no = @batch_no
