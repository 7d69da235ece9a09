"""compute_metrics: compute and publish the snapshots and metrics of complete runs."""
