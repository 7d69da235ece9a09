-- chart_vintages: when were the lists of days published, and what changed each time?
-- Against the vintage before: who is new, who is gone, who has another place. Where nobody is,
-- only numbers or titles changed.
-- Grain: one row per list_name, snapshot_date and vintage.
WITH
vintages AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY list_name, snapshot_date ORDER BY published_at) AS vintage
  FROM tmdb_analytics.chart_history
  WHERE snapshot_date BETWEEN @from_date AND @to_date
),

compared AS (
  SELECT
    vintages.list_name,
    vintages.snapshot_date,
    vintages.vintage,
    MAX(vintages.published_at) AS published_at,
    MAX(vintages.run_id) AS run_id,
    MAX(vintages.code_version) AS code_version,
    COUNT(vintages.movie_id) AS movies,
    COUNT(before.movie_id) AS stayed,
    COUNTIF(vintages.rank != before.rank) AS moved
  FROM vintages
  LEFT JOIN vintages AS before
    ON
      vintages.list_name = before.list_name
      AND vintages.snapshot_date = before.snapshot_date
      AND vintages.movie_id = before.movie_id
      AND vintages.vintage = before.vintage + 1
  GROUP BY vintages.list_name, vintages.snapshot_date, vintages.vintage
),

changes AS (
  SELECT
    *,
    LAG(movies) OVER (PARTITION BY list_name, snapshot_date ORDER BY vintage) AS movies_before
  FROM compared
)

SELECT
  list_name,
  snapshot_date,
  vintage,
  published_at,
  movies,
  IF(movies_before IS NULL, NULL, movies - stayed) AS entered,
  movies_before - stayed AS gone,
  IF(movies_before IS NULL, NULL, moved) AS moved,
  run_id,
  code_version
FROM changes
ORDER BY snapshot_date DESC, list_name ASC, vintage ASC
LIMIT 1000
