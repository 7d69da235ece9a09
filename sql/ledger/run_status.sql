-- run_status: how far one run has come.
SELECT *
FROM tmdb_analytics.v_run_status
WHERE run_id = @run_id AND run_date = @run_date
