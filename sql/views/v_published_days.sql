-- v_published_days: the days whose checks have passed; views show these only.
-- A day that has not begun (UTC) is left out: it would stay the newest until it begins.
-- Grain: one row per published snapshot_date.
CREATE OR REPLACE VIEW tmdb_analytics.v_published_days AS
SELECT
  snapshot_date,
  movies_observed,
  has_votes,
  coverage,
  popularity_log_change_1d_median,
  is_catalogue_shift,
  snapshot_date = MAX(snapshot_date) OVER () AS is_newest,
  snapshot_date = MAX(IF(has_votes, snapshot_date, NULL)) OVER () AS is_newest_with_votes
FROM tmdb_analytics.catalogue_days
WHERE is_published AND snapshot_date <= CURRENT_DATE('UTC')
