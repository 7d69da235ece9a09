-- v_outlook_coverage: how many outlooks came true: popularity a week later was inside their bounds.
-- The bounds promise 8 of 10. Both days are published.
-- Grain: one row per snapshot_date that outlooks were of, made 7 days before.
CREATE OR REPLACE VIEW tmdb_analytics.v_outlook_coverage AS
WITH
published AS (
  SELECT
    metrics.movie_id,
    metrics.calculation_date,
    metrics.popularity,
    metrics.popularity_outlook_7d_low,
    metrics.popularity_outlook_7d_high,
    days.coverage
  FROM tmdb_analytics.movie_metrics_aggregated AS metrics
  INNER JOIN tmdb_analytics.v_published_days AS days
    ON metrics.calculation_date = days.snapshot_date
),

-- NULL: no outlook was made, or popularity was not observed.
outcomes AS (
  SELECT
    ends.calculation_date AS snapshot_date,
    ends.coverage,
    ends.popularity
    BETWEEN starts.popularity_outlook_7d_low AND starts.popularity_outlook_7d_high
      AS is_inside
  FROM published AS starts
  INNER JOIN published AS ends
    ON
      starts.movie_id = ends.movie_id
      AND DATE_ADD(starts.calculation_date, INTERVAL 7 DAY) = ends.calculation_date
)

SELECT
  snapshot_date,
  COUNT(is_inside) AS outlooks,
  COUNTIF(is_inside) AS outlooks_inside,
  100 * SAFE_DIVIDE(COUNTIF(is_inside), COUNT(is_inside)) AS outlooks_inside_pct,
  MAX(coverage) AS coverage
FROM outcomes
WHERE is_inside IS NOT NULL
GROUP BY snapshot_date
