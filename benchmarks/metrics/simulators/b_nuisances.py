"""Distort the values of simulator B as TMDB does. Grids are [movie, day]."""

import numpy as np
from numpy.random import Generator

from emulators.tmdb.catalogue.plan import Flags, Floats, Ints

_STUCK_A_DAY, _STUCK_KEPT = 0.06, 0.5
_LOST_A_DAY, _LOST_KEPT = 0.004, 0.75
_OUTAGES, _HALF_OUTAGES = 2, 2
_PURGED, _FROZEN, _STUFFED = 0.06, 0.05, 0.015  # shares of the movies
_NUISANCE_DAYS, _STUFFED_REMOVED = 10, 0.5


def _runs(draw: Generator, shape: tuple[int, ...], begin: float, kept: float) -> Flags:
    """Mark runs of days that begin by chance and last for a geometric number."""
    begins, lasts = draw.random(shape) < begin, draw.random(shape) < kept
    runs = begins.copy()
    for day in range(1, shape[1]):
        runs[:, day] |= runs[:, day - 1] & lasts[:, day]
    return runs


def stuck(draw: Generator, popularity: Floats) -> Floats:
    """Show the same value for days: a cache that is not refreshed."""
    shown = popularity.copy()
    is_stuck = _runs(draw, shown.shape, _STUCK_A_DAY, _STUCK_KEPT)
    for day in range(1, shown.shape[1]):
        again = is_stuck[:, day]
        shown[again, day] = shown[again, day - 1]
    return shown


def arrived(draw: Generator, shape: tuple[int, ...]) -> Flags:
    """Lose movies for days, whole days, and half of the movies of some days."""
    here = ~_runs(draw, shape, _LOST_A_DAY, _LOST_KEPT)
    days = draw.choice(np.arange(20, shape[1]), _OUTAGES + _HALF_OUTAGES, replace=False)
    here[:, days[:_OUTAGES]] = False
    here[:, days[_OUTAGES:]] &= draw.random((shape[0], _HALF_OUTAGES)) < 1 / 2
    return here


def disturbed(draw: Generator, votes: Ints) -> tuple[Ints, dict[str, Flags]]:
    """Purge, freeze and stuff the counters."""
    days = votes.shape[1]
    shown = votes.copy()
    corrected, stuffed = np.zeros_like(votes, bool), np.zeros_like(votes, bool)
    for movie, day in _moments(draw, votes.shape, _STUFFED):
        until = min(day + int(draw.integers(2, 7)), days)
        a_day = np.exp(draw.uniform(np.log(10), np.log(200)))
        stuffing = draw.poisson(a_day, until - day).cumsum()
        shown[movie, day:until] += stuffing
        shown[movie, until:] += stuffing[-1]
        if draw.random() < _STUFFED_REMOVED:
            back = day + int(draw.integers(7, 40))
            shown[movie, back:] = votes[movie, back:]
        stuffed[movie, day : day + _NUISANCE_DAYS] = True
    for movie, day in _moments(draw, votes.shape, _PURGED):
        shown[movie, day:] -= round(shown[movie, day] * draw.uniform(0.02, 0.2))
        corrected[movie, day : day + _NUISANCE_DAYS] = True
    for movie, day in _moments(draw, votes.shape, _FROZEN):
        until = day + int(draw.integers(3, 13))
        shown[movie, day:until] = shown[movie, day]
        corrected[movie, day : until + _NUISANCE_DAYS] = True
    kept: Ints = np.maximum(shown, 0)
    return kept, {"votes corrected": corrected, "votes stuffed": stuffed}


def _moments(
    draw: Generator, shape: tuple[int, ...], share: float
) -> list[tuple[int, int]]:
    count = round(shape[0] * share)
    movies = draw.choice(shape[0], count, replace=False)
    days = draw.integers(20, shape[1] - 1, count)
    return [(int(movie), int(day)) for movie, day in zip(movies, days, strict=True)]
