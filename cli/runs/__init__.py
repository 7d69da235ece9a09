"""Runs as an operator sees them: state, progress, backfill plan, dead letters."""
