-- v_chart_history: the lists of each published day as they were last published, and how often.
-- An empty list is one row without rank and movie. What they were before: queries/chart_as_of.sql.
-- Grain: one row per list_name, snapshot_date and movie_id.
CREATE OR REPLACE VIEW tmdb_analytics.v_chart_history AS
WITH
vintages AS (
  SELECT
    *,
    DENSE_RANK() OVER (PARTITION BY list_name, snapshot_date ORDER BY published_at) AS vintage,
    MAX(published_at) OVER (PARTITION BY list_name, snapshot_date) AS last_published_at
  FROM tmdb_analytics.chart_history
)

SELECT
  vintages.list_name,
  vintages.snapshot_date,
  vintages.rank,
  vintages.movie_id,
  vintages.title,
  vintages.popularity,
  vintages.popularity_wow_pct_change,
  vintages.viral_coefficient,
  vintages.vote_velocity_7d,
  vintages.vote_acceleration_7d,
  vintages.surge,
  vintages.vintage,
  vintages.published_at,
  vintages.run_id,
  vintages.code_version,
  days.coverage
FROM vintages
INNER JOIN tmdb_analytics.v_published_days AS days
  ON vintages.snapshot_date = days.snapshot_date
WHERE vintages.published_at = vintages.last_published_at
