"""render_dashboard: render the views of a published day as one HTML file."""
