-- outlook: how many outlooks of the days held, on each day and on all of them?
-- Grain: one row per snapshot_date, oldest first.
SELECT
  snapshot_date,
  outlooks,
  outlooks_inside_pct,
  SUM(outlooks) OVER () AS outlooks_of_all,
  100 * SAFE_DIVIDE(SUM(outlooks_inside) OVER (), SUM(outlooks) OVER ())
    AS outlooks_inside_pct_of_all
FROM tmdb_analytics.v_outlook_coverage
WHERE snapshot_date BETWEEN @from_date AND @to_date
ORDER BY snapshot_date
