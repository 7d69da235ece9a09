"""ingest_changes: which movies to fetch, planned and fanned out as batches."""
