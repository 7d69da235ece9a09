"""render_dashboard: the views of a published day in, one HTML file out."""
