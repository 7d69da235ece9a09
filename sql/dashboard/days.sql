-- days: which days are there, and how whole are they?
-- Grain: one row per snapshot_date, newest first.
SELECT
  snapshot_date,
  is_published,
  has_votes,
  movies_observed,
  coverage,
  is_catalogue_shift
FROM tmdb_analytics.catalogue_days
WHERE snapshot_date BETWEEN @from_date AND @to_date
ORDER BY snapshot_date DESC
