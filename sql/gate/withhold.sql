-- catalogue_days: withhold days until an operator publishes them again.
UPDATE tmdb_analytics.catalogue_days
SET
  is_published = FALSE,
  withheld_reason = @reason
WHERE snapshot_date BETWEEN @from_date AND @to_date
