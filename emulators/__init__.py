"""Emulators of TMDB and of the Google Cloud services that we use."""
