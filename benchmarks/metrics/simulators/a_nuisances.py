"""Distort values as TMDB does: wobble, caches, counters, gaps.

Grids are [movie, day]; each draws from the generator it is given.
"""

import numpy as np
from numpy.random import Generator

from emulators.tmdb.catalogue.plan import Flags, Floats, Ints

_WOBBLE_STEP, _WOBBLE_KEPT = 0.021, 0.95
_STALE_SHARE, _MISSING_SHARE, _OUTAGES = 0.19, 0.02, 3
_CLEAN_UPS, _GLITCHES, _STUFFINGS = 0.04, 0.01, 0.015  # per movie
_STUFFINGS_REMOVED, _NUISANCE_DAYS = 0.6, 10


def wobble(draw: Generator, shape: tuple[int, ...]) -> Floats:
    """Return factors that wander and come back; the steps have heavy tails."""
    steps = draw.standard_t(4, shape).clip(-9, 9) * _WOBBLE_STEP
    level = np.zeros(shape)
    for day in range(1, shape[1]):
        level[:, day] = _WOBBLE_KEPT * level[:, day - 1] + steps[:, day]
    return np.exp(level)


def stale(draw: Generator, popularity: Floats) -> Floats:
    """Show yesterday's value again: what TMDB's caches do."""
    shown = popularity.copy()
    stale = draw.random(shown.shape) < _STALE_SHARE
    for day in range(1, shown.shape[1]):
        again = stale[:, day]
        shown[again, day] = shown[again, day - 1]
    return shown


def disturbed(draw: Generator, votes: Ints) -> tuple[Ints, dict[str, Flags]]:
    """Clean up, purge, glitch and stuff the counters."""
    movies, days = votes.shape
    change = np.zeros_like(votes)
    corrected, stuffed = np.zeros_like(votes, bool), np.zeros_like(votes, bool)
    for movie, day in _moments(draw, votes.shape, _CLEAN_UPS):
        change[movie, day:] -= round(votes[movie, day] * draw.uniform(0.03, 0.3))
        corrected[movie, day : day + _NUISANCE_DAYS] = True
    purge_day = int(draw.integers(50, days))
    shares = draw.uniform(0.002, 0.03, movies)
    change[:, purge_day:] -= np.rint(votes[:, purge_day] * shares)[:, None].astype(int)
    corrected[:, purge_day : purge_day + _NUISANCE_DAYS] = True
    for movie, day in _moments(draw, votes.shape, _GLITCHES):
        until = day + int(draw.integers(1, 4))
        change[movie, day:until] -= round(votes[movie, day] * draw.uniform(0.2, 0.95))
        corrected[movie, day : day + _NUISANCE_DAYS] = True
    for movie, day in _moments(draw, votes.shape, _STUFFINGS):
        count = round(float(np.exp(draw.uniform(np.log(30), np.log(500)))))
        share = np.minimum(np.arange(1, days - day + 1) / draw.integers(1, 4), 1)
        if draw.random() < _STUFFINGS_REMOVED:
            share[draw.integers(5, 40) :] = 0
        change[movie, day:] += np.rint(count * share).astype(int)
        stuffed[movie, day : day + _NUISANCE_DAYS] = True
    shown: Ints = np.maximum(votes + change, 0)
    return shown, {"votes corrected": corrected, "votes stuffed": stuffed}


def _moments(
    draw: Generator, shape: tuple[int, ...], per_movie: float
) -> list[tuple[int, int]]:
    count = round(shape[0] * per_movie)
    movies = draw.choice(shape[0], count, replace=False)
    days = draw.integers(20, shape[1], count)
    return [(int(movie), int(day)) for movie, day in zip(movies, days, strict=True)]


def arrived(draw: Generator, shape: tuple[int, ...]) -> Flags:
    """Lose single rows, and whole days."""
    here: Flags = draw.random(shape) >= _MISSING_SHARE
    here[:, draw.integers(20, shape[1], _OUTAGES)] = False
    return here
