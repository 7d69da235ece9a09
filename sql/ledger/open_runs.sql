-- open_runs: the runs of some days that have not ended, with what the sweep decides by.
SELECT
  run_id,
  batches_total,
  batches_done,
  expected,
  fetched,
  is_complete,
  is_closed,
  is_due,
  is_metrics_requested,
  metrics_requests,
  republished,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), started_at, MILLISECOND) / 1000 AS age_s,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), last_seen_at, MILLISECOND) / 1000 AS quiet_s,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), metrics_requested_at, MILLISECOND) / 1000
    AS requested_s_ago
FROM tmdb_analytics.v_run_status
WHERE
  run_date BETWEEN @from_date AND @to_date
  AND state NOT IN ('PUBLISHED', 'PARTIAL', 'FAILED', 'DONE')
ORDER BY run_date, run_id
