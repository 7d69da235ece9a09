"""A simulated TMDB: real HTTP, invented movies, statistics and faults of the real one.

In: seed, size, day. Out: `TmdbSimulator`, or `python -m emulators.tmdb`.
"""

from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.server import TmdbSimulator
from emulators.tmdb.http.settings import SIMULATED_API_KEY, SIMULATED_TOKEN

__all__ = ["SIMULATED_API_KEY", "SIMULATED_TOKEN", "Faults", "TmdbSimulator"]
