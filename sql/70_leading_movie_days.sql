-- leading_movie_days: popularity, votes and place of the first movies of each day.
-- The first leading_max_rank places and movies without a place; besides, the popularity of a newly
-- tracked movie in the 46 days before, as far as windows/first_past_day.sql finds a past. Days
-- computed for other movies keep their rows. The requested days are replaced as a whole, in one
-- statement.
-- Grain: one row per movie_id and snapshot_date.
MERGE tmdb_analytics.leading_movie_days AS stored
USING (
  SELECT
    snapshots.movie_id,
    snapshots.snapshot_date,
    MIN(metrics.popularity_rank) AS popularity_rank,
    MAX(snapshots.popularity) AS popularity,
    MAX(snapshots.vote_count_change_1d) AS vote_count_change_1d
  FROM tmdb_analytics.movie_daily_snapshots AS snapshots
  LEFT JOIN tmdb_analytics.movie_metrics_aggregated AS metrics
    ON
      snapshots.movie_id = metrics.movie_id
      AND snapshots.snapshot_date = metrics.calculation_date
      AND metrics.calculation_date BETWEEN @from_date AND @to_date
  CROSS JOIN tmdb_analytics.metric_thresholds AS thresholds
  WHERE
    snapshots.snapshot_date BETWEEN @first_past_day AND @to_date
    AND (
      NOT COALESCE(snapshots.is_tracked, TRUE)
      OR (
        snapshots.snapshot_date >= @from_date
        AND COALESCE(metrics.popularity_rank <= thresholds.leading_max_rank, TRUE)
      )
    )
  -- One of two equal keys: a MERGE fails on both, before the check can find them.
  GROUP BY snapshots.movie_id, snapshots.snapshot_date
) AS fresh
-- The last line is for BigQuery: it reads only these partitions of the target.
  ON
    stored.movie_id = fresh.movie_id
    AND stored.snapshot_date = fresh.snapshot_date
    AND stored.snapshot_date BETWEEN @first_past_day AND @to_date
WHEN MATCHED AND fresh.snapshot_date >= @from_date THEN
  UPDATE
    SET
      popularity_rank = fresh.popularity_rank,
      popularity = fresh.popularity,
      vote_count_change_1d = fresh.vote_count_change_1d
WHEN NOT MATCHED BY SOURCE AND stored.snapshot_date BETWEEN @from_date AND @to_date
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  movie_id,
  snapshot_date,
  popularity_rank,
  popularity,
  vote_count_change_1d
) VALUES (
  fresh.movie_id,
  fresh.snapshot_date,
  fresh.popularity_rank,
  fresh.popularity,
  fresh.vote_count_change_1d
)
