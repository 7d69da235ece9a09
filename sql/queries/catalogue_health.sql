-- catalogue_health: were the last days whole, did TMDB re-scale, and did their checks pass?
-- Days that are not published are listed too: no view shows them.
-- Grain: one row per snapshot_date.
SELECT
  snapshot_date,
  is_published,
  movies_observed,
  has_votes,
  coverage,
  EXP(popularity_log_change_1d_median) AS median_popularity_factor_1d,
  is_catalogue_shift
FROM tmdb_analytics.catalogue_days
WHERE snapshot_date <= CURRENT_DATE('UTC')
ORDER BY snapshot_date DESC
LIMIT 14
