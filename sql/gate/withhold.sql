-- catalogue_days: withhold days, a check that marks them unfit has found something.
UPDATE tmdb_analytics.catalogue_days
SET is_published = FALSE
WHERE snapshot_date BETWEEN @from_date AND @to_date AND is_published
