"""A simulated TMDB: real HTTP, invented movies, statistics and faults of the real one.

In: seed, size, day. Out: `TmdbSimulator`, or `python -m local.tmdb_simulator`.
"""

from local.tmdb_simulator.faults import Faults
from local.tmdb_simulator.server import TmdbSimulator
from local.tmdb_simulator.settings import SIMULATED_API_KEY, SIMULATED_TOKEN

__all__ = ["SIMULATED_API_KEY", "SIMULATED_TOKEN", "Faults", "TmdbSimulator"]
