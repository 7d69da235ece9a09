"""What the simulated TMDB knows: movies, their metadata and daily numbers."""
