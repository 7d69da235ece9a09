"""TMDB and the Google Cloud services that we use, on this machine."""
