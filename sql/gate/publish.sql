-- catalogue_days: publish days whose checks have passed and which are no longer withheld.
UPDATE tmdb_analytics.catalogue_days
SET
  is_published = TRUE,
  withheld_reason = NULL
WHERE snapshot_date BETWEEN @from_date AND @to_date AND NOT is_published
