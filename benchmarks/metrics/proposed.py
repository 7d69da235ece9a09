"""Popularity and votes in; the proposed score and momentum word out, by windows.

Popularity of two days against the lower of two levels (days 3 to 6 before; last week),
less the day's median, in units of noise that grows for small titles. Votes of three
days against last week's rate count for as much as popularity does, and never for more.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Flags, Floats

NOISE, SMALL_TITLE_POPULARITY = 0.13, 4.0
ALARM_SURGE, ALARM_VOTES, ALARM_POPULARITY = 3.0, 5.0, 4.0
_MARKET_MIN_MOVIES = 30
_VOTE_DISPERSION = 0.1
_STEP_DAYS, _HIGH_DAYS = 10, 7
_WORD_MIN_NOISE, _WORD_MIN_DAYS, _WORD_STRONG_FACTOR = 2.3, 3, 1.5


@dataclass(frozen=True, slots=True)
class Proposed:
    """Grids [movie, day]; NaN and "" where it says NULL."""

    surge: Floats
    is_worth_an_alarm: Flags
    momentum: np.ndarray[tuple[int, int], np.dtype[np.object_]]

    def alarm(self, min_surge: float = ALARM_SURGE) -> Flags:
        """Mark the alarms from that surge on."""
        return np.asarray((self.surge >= min_surge) & self.is_worth_an_alarm)


def compute(simulation: Simulation, week_pct_change: Floats) -> Proposed:
    """Score every row; the word may not contradict the week's change in percent."""
    popularity = np.where(
        simulation.observed & (simulation.popularity > 0),
        simulation.popularity,
        np.nan,
    )
    level = np.log(np.maximum(popularity, 0.01))
    now = np.where(np.isnan(level), np.nan, _mean(level, 0, 1))
    last_week = _mean(level, 7, 13)
    reference = np.where(np.isnan(last_week), _mean(level, 14, 35), last_week)
    expected = np.fmin(reference, _mean(level, 3, 6))
    z_popularity = _beyond_market(now - expected) / noise(expected)
    votes_3d, z_votes, weight = _votes(simulation)
    together = (
        z_popularity + weight * np.minimum(z_votes, np.maximum(z_popularity, 0))
    ) / np.sqrt(1 + weight**2)
    growth = np.where(
        _sum(np.isfinite(level), 7, 13) >= _WORD_MIN_DAYS,
        now - last_week,
        np.nan,
    )
    return Proposed(
        surge=np.where(np.isnan(z_votes), z_popularity, together),
        is_worth_an_alarm=(votes_3d >= ALARM_VOTES) | (popularity >= ALARM_POPULARITY),
        momentum=_words(_beyond_market(growth), noise(last_week), week_pct_change),
    )


def noise(level: Floats) -> Floats:
    """Return the deviation of growth from this level: more for a small title."""
    return np.asarray(NOISE * np.sqrt(1 + SMALL_TITLE_POPULARITY / np.exp(level)))


def _beyond_market(growth: Floats) -> Floats:
    """Take out what the day's median movie did."""
    known = np.isfinite(growth)
    enough = known.sum(axis=0) >= _MARKET_MIN_MOVIES
    market = np.nanmedian(np.where(enough, growth, 0), axis=0)
    return np.asarray(growth - market)


def _votes(simulation: Simulation) -> tuple[Floats, Floats, Floats]:
    """Return votes of 3 days, their z, and the weight it has."""
    count = np.where(simulation.observed, simulation.votes.astype(float), np.nan)
    before, days = np.full(count.shape, np.nan), np.full(count.shape, np.nan)
    for age in range(_STEP_DAYS, 0, -1):
        then = _lag(count, age)
        before = np.where(np.isnan(then), before, then)
        days = np.where(np.isnan(then), days, age)
    high = np.fmax.reduce(_window(count, 1, _HIGH_DAYS))
    jitter = np.maximum(2, 0.002 * before)
    restored = (before < high - jitter) & (count - before >= 0.5 * (high - before))
    is_step = np.isfinite(count - before) & ~(count < before - jitter) & ~restored
    gained, measured = np.where(is_step, count - before, 0), np.where(is_step, days, 0)
    votes, votes_last_week, votes_baseline = (
        np.maximum(_sum(gained, *ages), 0) for ages in ((0, 2), (7, 13), (8, 35))
    )
    taken, taken_last_week, taken_baseline = (
        _sum(measured, *ages) for ages in ((0, 2), (7, 13), (8, 35))
    )
    rate = (1 + votes_baseline) / (2 + taken_baseline)
    expected = taken * (7 * rate + votes_last_week) / (7 + taken_last_week)
    z = 2 / np.sqrt(_VOTE_DISPERSION) * (_evened(votes) - _evened(expected))
    most = np.maximum(votes, expected)
    is_known = np.isfinite(count) & (taken > 0)
    return votes, np.where(is_known, z, np.nan), np.sqrt(most / (most + 1))


def _evened(votes: Floats) -> Floats:
    return np.asarray(np.arcsinh(np.sqrt(_VOTE_DISPERSION * (votes + 3 / 8))))


def _words(
    growth: Floats, unit: Floats, week_pct_change: Floats
) -> np.ndarray[tuple[int, int], np.dtype[np.object_]]:
    is_clear = (np.abs(growth) >= _WORD_MIN_NOISE * unit) & (
        np.sign(growth) == np.sign(week_pct_change)
    )
    is_strong = np.abs(growth) >= np.log(_WORD_STRONG_FACTOR)
    words = np.select(
        [
            np.isnan(growth),
            ~is_clear,
            is_strong & (growth > 0),
            growth > 0,
            is_strong,
        ],
        ["", "Stable", "Surging", "Rising", "Falling"],
        "Declining",
    )
    return np.asarray(words, dtype=np.object_)


def _lag(grid: Floats, days: int) -> Floats:
    lagged = np.full(grid.shape, np.nan)
    lagged[:, days:] = grid[:, : grid.shape[1] - days]
    return lagged


def _window(grid: Floats | Flags, newest: int, oldest: int) -> Floats:
    """Stack what the grid showed at these ages."""
    values = grid.astype(float)
    return np.stack([_lag(values, age) for age in range(newest, oldest + 1)])


def _sum(grid: Floats | Flags, newest: int, oldest: int) -> Floats:
    return np.asarray(np.nansum(_window(grid, newest, oldest), axis=0))


def _mean(grid: Floats, newest: int, oldest: int) -> Floats:
    window = _window(grid, newest, oldest)
    known = np.isfinite(window).sum(axis=0)
    total = np.nansum(window, axis=0)
    return np.where(known > 0, total / np.maximum(known, 1), np.nan)
