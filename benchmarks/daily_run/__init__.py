"""Where the seconds of a daily run go: per function, per query, and waiting."""
