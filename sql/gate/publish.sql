-- catalogue_days: publish days, their checks have passed.
UPDATE tmdb_analytics.catalogue_days
SET is_published = TRUE
WHERE snapshot_date BETWEEN @from_date AND @to_date AND NOT is_published
