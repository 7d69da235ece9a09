-- history_range: the first export day that a history run has planned, and whether the
-- run's own day is published.
SELECT
  (
    SELECT MIN(export_date) FROM tmdb_analytics.batch_plan
    WHERE run_id = @run_id AND run_date = @run_date
  ) AS first,
  EXISTS(
    SELECT 1 FROM tmdb_analytics.catalogue_days
    WHERE snapshot_date = @run_date AND is_published
  ) AS is_published
