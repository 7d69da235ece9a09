-- runs: how did the newest runs end?
-- Grain: one row per run_id, newest first.
SELECT
  run_id,
  mode,
  run_date,
  state,
  expected,
  fetched,
  not_found,
  failed,
  coverage,
  started_at,
  ended_at
FROM tmdb_analytics.v_run_status
WHERE run_date BETWEEN @from_date AND @to_date
ORDER BY started_at DESC, run_id ASC
LIMIT 20
