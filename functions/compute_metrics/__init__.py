"""compute_metrics: a complete run in, the day's snapshots and metrics out."""
