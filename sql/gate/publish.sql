-- catalogue_days: publish days, their checks have passed and nobody withholds them any more.
UPDATE tmdb_analytics.catalogue_days
SET
  is_published = TRUE,
  withheld_reason = NULL
WHERE snapshot_date BETWEEN @from_date AND @to_date AND NOT is_published
