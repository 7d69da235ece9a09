-- outlook_days: how many outlooks came true on each day: popularity was inside their bounds.
-- Of the requested days and the 7 days after them, for which their outlooks were made. These days
-- are replaced as a whole, in one statement.
-- Grain: one row per snapshot_date.
MERGE tmdb_analytics.outlook_days AS stored
USING (
  WITH
  -- NULL: no outlook was made, or popularity was not observed.
  outcomes AS (
    SELECT
      ends.calculation_date AS snapshot_date,
      ends.popularity
      BETWEEN starts.popularity_outlook_7d_low AND starts.popularity_outlook_7d_high
        AS is_inside
    FROM tmdb_analytics.movie_metrics_aggregated AS starts
    INNER JOIN tmdb_analytics.movie_metrics_aggregated AS ends
      ON
        starts.movie_id = ends.movie_id
        AND DATE_ADD(starts.calculation_date, INTERVAL 7 DAY) = ends.calculation_date
    WHERE
      starts.calculation_date BETWEEN DATE_SUB(@from_date, INTERVAL 7 DAY) AND @to_date
      AND ends.calculation_date BETWEEN @from_date AND DATE_ADD(@to_date, INTERVAL 7 DAY)
  )

  SELECT
    snapshot_date,
    COUNT(is_inside) AS outlooks,
    COUNTIF(is_inside) AS outlooks_inside
  FROM outcomes
  WHERE is_inside IS NOT NULL
  GROUP BY snapshot_date
) AS fresh
-- Nothing matches: all rows of these days are replaced atomically.
  ON FALSE
WHEN NOT MATCHED BY SOURCE
AND stored.snapshot_date BETWEEN @from_date AND DATE_ADD(@to_date, INTERVAL 7 DAY)
THEN DELETE
WHEN NOT MATCHED THEN INSERT (
  snapshot_date,
  outlooks,
  outlooks_inside
) VALUES (
  fresh.snapshot_date,
  fresh.outlooks,
  fresh.outlooks_inside
)
