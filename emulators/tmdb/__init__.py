"""A TMDB simulator: HTTP, invented movies, and the statistics and faults of TMDB.

Start it as `TmdbSimulator` or with `python -m emulators.tmdb`.
"""

from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.server import TmdbSimulator
from emulators.tmdb.http.settings import SIMULATED_API_KEY, SIMULATED_TOKEN

__all__ = ["SIMULATED_API_KEY", "SIMULATED_TOKEN", "Faults", "TmdbSimulator"]
