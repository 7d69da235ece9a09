"""The deployed functions, one folder each; render_dashboard only where it is wanted."""
