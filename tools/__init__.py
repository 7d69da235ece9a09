"""What writes documents and pictures of the repository."""
