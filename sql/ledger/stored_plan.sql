-- stored_plan: the batches of a run as they were planned, each with what came of it.
SELECT
  plan.batch_no,
  plan.batch_count,
  plan.movie_ids,
  plan.export_date,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), plan.created_at, SECOND) + 0.0 AS age_s,
  EXISTS(
    SELECT 1 FROM tmdb_analytics.ingestion_log AS log
    WHERE
      log.run_id = @run_id AND log.run_date = @run_date
      AND log.event = 'RUN_PLANNED'
  ) AS is_published,
  EXISTS(
    SELECT 1 FROM tmdb_analytics.ingestion_log AS log
    WHERE
      log.run_id = @run_id AND log.run_date = @run_date
      AND log.event = 'BATCH_DONE' AND log.batch_no = plan.batch_no
  ) AS is_done
FROM tmdb_analytics.batch_plan AS plan
WHERE plan.run_id = @run_id AND plan.run_date = @run_date
ORDER BY plan.batch_no
