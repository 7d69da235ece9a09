-- chart_as_of: what did the lists show at a moment, of their newest day from a first to a last one?
-- A day that an operator withheld at that moment was not shown.
-- Grain: one row per list_name and movie_id; one row without movie where the list was empty.
WITH
vintages AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY list_name, snapshot_date ORDER BY published_at) AS vintage
  FROM tmdb_analytics.chart_history
  WHERE snapshot_date BETWEEN @from_date AND @to_date AND published_at <= @as_of
),

withheld_days AS (
  SELECT run_date AS snapshot_date
  FROM tmdb_analytics.ingestion_log
  WHERE
    run_date BETWEEN @from_date AND @to_date
    AND event IN ('DAY_WITHHELD', 'DAY_PUBLISHED')
    AND logged_at <= @as_of
  GROUP BY run_date
  HAVING
    MAX(IF(event = 'DAY_WITHHELD', logged_at, NULL))
    > COALESCE(MAX(IF(event = 'DAY_PUBLISHED', logged_at, NULL)), TIMESTAMP_MILLIS(0))
),

shown AS (
  SELECT
    vintages.*,
    MAX(vintages.snapshot_date) OVER (PARTITION BY vintages.list_name) AS newest_date,
    MAX(vintages.vintage) OVER (
      PARTITION BY vintages.list_name, vintages.snapshot_date
    ) AS newest_vintage
  FROM vintages
  LEFT JOIN withheld_days ON vintages.snapshot_date = withheld_days.snapshot_date
  WHERE withheld_days.snapshot_date IS NULL
)

SELECT
  list_name,
  snapshot_date,
  vintage,
  published_at,
  rank,
  movie_id,
  title,
  popularity,
  popularity_wow_pct_change,
  viral_coefficient,
  vote_velocity_7d,
  vote_acceleration_7d,
  surge,
  run_id,
  code_version
FROM shown
WHERE snapshot_date = newest_date AND vintage = newest_vintage
ORDER BY list_name, rank, movie_id
LIMIT 1000
