"""The three deployed functions, one folder each."""
