"""TMDB, Pub/Sub, BigQuery and Secret Manager on this machine, without the cloud."""
