-- orphan_rows: a tracked movie has a snapshot of a day and no metrics, or the other way round.
-- Severity: fail
-- Grain: one row per movie_id and day that is incomplete.
SELECT
  COALESCE(snapshots.snapshot_date, signals.calculation_date, metrics.calculation_date) AS day,
  COALESCE(snapshots.movie_id, signals.movie_id, metrics.movie_id) AS movie_id,
  CASE
    WHEN snapshots.movie_id IS NULL THEN 'metrics without a snapshot'
    WHEN signals.movie_id IS NULL THEN 'no row in movie_viral_signals'
    ELSE 'no row in movie_metrics_aggregated'
  END AS problem
FROM (
  SELECT
    movie_id,
    snapshot_date
  FROM tmdb_analytics.movie_daily_snapshots
  WHERE snapshot_date BETWEEN @from_date AND @to_date AND COALESCE(is_tracked, TRUE)
) AS snapshots
FULL OUTER JOIN (
  SELECT
    movie_id,
    calculation_date
  FROM tmdb_analytics.movie_viral_signals
  WHERE calculation_date BETWEEN @from_date AND @to_date
) AS signals
  ON
    snapshots.movie_id = signals.movie_id
    AND snapshots.snapshot_date = signals.calculation_date
FULL OUTER JOIN (
  SELECT
    movie_id,
    calculation_date
  FROM tmdb_analytics.movie_metrics_aggregated
  WHERE calculation_date BETWEEN @from_date AND @to_date
) AS metrics
  ON
    COALESCE(snapshots.movie_id, signals.movie_id) = metrics.movie_id
    AND COALESCE(snapshots.snapshot_date, signals.calculation_date) = metrics.calculation_date
WHERE snapshots.movie_id IS NULL OR signals.movie_id IS NULL OR metrics.movie_id IS NULL
