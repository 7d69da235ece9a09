-- missed_day: whether a day still needs a daily run, or its export.
SELECT
  EXISTS (
    SELECT run_id
    FROM tmdb_analytics.batch_plan
    WHERE run_date = @run_date AND mode IN ('daily', 'initial')
    GROUP BY run_id, mode
    -- A load of a few movies (make smoke) is not the run of a day.
    HAVING mode = 'daily' OR SUM(ARRAY_LENGTH(movie_ids)) >= (
      SELECT LEAST(COUNT(*), @details_per_day) FROM tmdb_analytics.tracked_movies
      WHERE retired_on IS NULL
    )
  ) AS is_planned,
  EXISTS(
    SELECT 1 FROM tmdb_analytics.tracked_movies WHERE retired_on IS NULL
  ) AS is_tracking,
  (
    SELECT MAX(logged_at) FROM tmdb_analytics.ingestion_log
    WHERE run_id = @run_id AND run_date = @run_date AND event = 'RUN_REQUESTED'
  ) AS requested_at,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.catalogue_days
    WHERE snapshot_date = @run_date AND is_published
  )
  AND NOT EXISTS (
    SELECT 1 FROM tmdb_analytics.movie_popularity_raw WHERE export_date = @run_date
  )
  AND NOT EXISTS (
    SELECT 1 FROM tmdb_analytics.batch_plan
    WHERE run_id = @export_run_id AND run_date = @run_date
  ) AS is_without_export
