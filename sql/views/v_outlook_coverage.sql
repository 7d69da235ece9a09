-- v_outlook_coverage: how many outlooks came true: popularity a week later was inside their bounds.
-- The bounds promise 8 of 10. Both days are published.
-- Grain: one row per snapshot_date that outlooks were of, made 7 days before.
CREATE OR REPLACE VIEW tmdb_analytics.v_outlook_coverage AS
SELECT
  outlook_days.snapshot_date,
  outlook_days.outlooks,
  outlook_days.outlooks_inside,
  100 * SAFE_DIVIDE(outlook_days.outlooks_inside, outlook_days.outlooks) AS outlooks_inside_pct,
  ends.coverage
FROM tmdb_analytics.outlook_days AS outlook_days
INNER JOIN tmdb_analytics.v_published_days AS ends
  ON outlook_days.snapshot_date = ends.snapshot_date
INNER JOIN tmdb_analytics.v_published_days AS starts
  ON DATE_SUB(outlook_days.snapshot_date, INTERVAL 7 DAY) = starts.snapshot_date
