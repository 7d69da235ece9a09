"""What two functions need: nouns (pure), settings, logs, one edge per vendor."""
