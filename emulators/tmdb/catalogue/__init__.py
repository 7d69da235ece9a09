"""The simulator's data: movies, their metadata and daily numbers."""
