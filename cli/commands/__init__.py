"""One file per command of tmdb-traction, named like the command."""
