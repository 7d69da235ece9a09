"""The deployed functions, one folder each; render_dashboard is optional."""
