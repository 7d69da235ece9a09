-- series: how did popularity and votes of each movie go?
-- Published days only.
-- Grain: one row per movie_id and snapshot_date.
SELECT
  snapshots.movie_id,
  snapshots.snapshot_date,
  snapshots.popularity,
  snapshots.vote_count_change_1d
FROM tmdb_analytics.movie_daily_snapshots AS snapshots
INNER JOIN tmdb_analytics.catalogue_days AS days
  ON
    snapshots.snapshot_date = days.snapshot_date
    AND days.is_published
    AND days.snapshot_date BETWEEN @from_date AND @to_date
WHERE snapshots.snapshot_date BETWEEN @from_date AND @to_date
ORDER BY snapshots.movie_id, snapshots.snapshot_date
