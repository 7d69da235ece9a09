"""The simulated TMDB as seen over HTTP: endpoints, faults, limits."""
