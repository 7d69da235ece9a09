"""Simulated movies whose events are known, by two simulators of unlike families.

simulation.py  what a simulator returns: the movies as TMDB shows them, and the truth
labels.py      which of a movie's days are relevant, neutral, quiet
a.py           simulator A: the movies of `emulators.tmdb`, and what befalls them
b.py           simulator B: visitors, heavy tails, slow releases, weekday rhythms
"""

from collections.abc import Callable, Mapping

from benchmarks.metrics.simulators import a, b
from benchmarks.metrics.simulators.simulation import Simulation

SIMULATORS: Mapping[str, Callable[[int, int, int], Simulation]] = {
    "A": a.simulate,
    "B": b.simulate,
}
"""Seed, movies, days -> a simulation; the same arguments give the same numbers."""
