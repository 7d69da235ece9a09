"""ingest_changes: decide which movies to fetch, plan runs and publish their batches."""
