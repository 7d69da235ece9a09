-- findings: what did the checks find on the days?
-- Grain: one row per check and snapshot_date, newest first.
SELECT
  check_name,
  severity,
  snapshot_date,
  offending_rows,
  ARRAY(
    SELECT
      IF(
        example.movie_id IS NULL,
        example.problem,
        CONCAT('movie ', CAST(example.movie_id AS STRING), ': ', example.problem)
      )
    FROM UNNEST(examples) AS example WITH OFFSET AS place
    ORDER BY place
  ) AS examples
FROM tmdb_analytics.check_findings
WHERE snapshot_date BETWEEN @from_date AND @to_date
ORDER BY snapshot_date DESC, check_name ASC
