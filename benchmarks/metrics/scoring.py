"""Measure scores against labels. Grids are [movie, day].

A score ranks the movies of a day: NaN comes last, ties fall by a seeded draw. Days
before `WARM_UP_DAYS` are left out: no score has a baseline yet.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.metrics.simulators.labels import Event
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Flags, Floats, Ints

WARM_UP_DAYS = 42
TOP = 20
SOON_DAYS, LATE_DAYS = 3, 10
_MISSED_DAYS = LATE_DAYS + 1
FALSE_ALARMS_ALLOWED = 0.001
_TIES_SEED = 20
TRUE_MOVE, TRUE_CALM = np.log(1.25), np.log(1.05)
"""How far the true week moves, or at most moves, to count as moved, or as calm."""


def judged(simulation: Simulation) -> Flags:
    """Mark the movie-days that count: a row, after the warm-up."""
    days = np.arange(simulation.observed.shape[1])
    return np.asarray(simulation.observed & (days >= WARM_UP_DAYS), dtype=np.bool_)


def quiet(simulation: Simulation) -> Flags:
    """Mark the movie-days on which a call is a false alarm."""
    return judged(simulation) & simulation.labels.quiet


def false_alarms_per_1000(simulation: Simulation, alarms: Flags) -> float:
    """Count calls per 1,000 quiet movie-days."""
    return 1000 * float(alarms[quiet(simulation)].mean())


def threshold(scores: list[Floats]) -> float:
    """Return the lowest score that this number of quiet movie-days allows.

    In: a method's scores on quiet movie-days, one array per seed; NaN never alarms.
    """
    pooled = np.concatenate(scores)
    allowed = int(FALSE_ALARMS_ALLOWED * len(pooled))
    falling = -np.sort(-np.nan_to_num(pooled, nan=-np.inf))
    return float(np.nextafter(falling[allowed], np.inf))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Means over the days that have a relevant movie; `churn` over all days.

    ceiling: the best precision at 20 that a day's number of relevant movies allows.
    same_top: Jaccard of the top 20 of a day and of the next.
    """

    average_precision: float
    precision: float
    ceiling: float
    same_top: float


def rank(simulation: Simulation, score: Floats) -> Ranking:
    """Judge the order a score puts the movies of each day in."""
    rows, labels = [], simulation.labels
    tops = list(_tops(simulation, score))
    for day, order in _orders(simulation, score):
        relevant = labels.relevant[order, day]
        if not relevant.any():
            continue
        rows.append(
            (
                _average_precision(relevant),
                relevant[:TOP].sum() / TOP,
                min(relevant.sum(), TOP) / TOP,
            )
        )
    same = [
        len(before & after) / len(before | after)
        for before, after in itertools.pairwise(tops)
    ]
    average, precision, ceiling = np.mean(rows, axis=0).tolist()
    return Ranking(average, precision, ceiling, float(np.mean(same)))


def _tops(simulation: Simulation, score: Floats) -> Iterator[set[int]]:
    return (set(order[:TOP].tolist()) for _, order in _orders(simulation, score))


def _orders(simulation: Simulation, score: Floats) -> Iterator[tuple[int, Ints]]:
    """Yield each day and its movies, best first; days without rows are left out."""
    draw = np.random.default_rng(_TIES_SEED)
    for day in range(WARM_UP_DAYS, score.shape[1]):
        movies = draw.permutation(np.flatnonzero(simulation.observed[:, day]))
        if movies.size:
            key = -np.nan_to_num(score[movies, day], nan=-np.inf)
            yield day, movies[np.argsort(key, kind="stable")]


def _average_precision(relevant: Flags) -> float:
    places = np.flatnonzero(relevant)
    return float(np.mean(np.arange(1, len(places) + 1) / (places + 1)))


@dataclass(frozen=True, slots=True)
class Detection:
    """Days from onset to the first alarm, by event; `_MISSED_DAYS` if none in 10."""

    kinds: tuple[str, ...]
    delays: Ints

    def found(self, *kinds: str, within: int = LATE_DAYS) -> float:
        """Return the share of events found in time; NaN without events."""
        chosen = self._of(kinds)
        return float((chosen <= within).mean()) if chosen.size else float("nan")

    def _of(self, kinds: tuple[str, ...]) -> Ints:
        if not kinds:
            return self.delays
        return self.delays[[kind in kinds for kind in self.kinds]]


def detect(simulation: Simulation, alarms: Flags) -> Detection:
    """Look for the first alarm after each event's onset."""
    events = [event for event in simulation.events if _is_fair(simulation, event)]
    delays = []
    for event in events:
        days = slice(event.onset, event.onset + LATE_DAYS + 1)
        raised = np.flatnonzero(alarms[event.movie, days])
        delays.append(int(raised[0]) if raised.size else _MISSED_DAYS)
    return Detection(tuple(event.kind for event in events), np.array(delays))


def _is_fair(simulation: Simulation, event: Event) -> bool:
    """After the warm-up, early enough to be found, and with a row to be found on."""
    last = event.onset + LATE_DAYS
    return (
        event.onset >= WARM_UP_DAYS
        and last < simulation.observed.shape[1]
        and bool(simulation.observed[event.movie, event.onset : last + 1].any())
    )


def alarm_precision(simulation: Simulation, alarms: Flags) -> float:
    """Return the share of right calls among those that are right or wrong."""
    called = alarms & judged(simulation) & ~simulation.labels.neutral
    if not called.any():
        return float("nan")
    return float(simulation.labels.relevant[called].mean())


def true_growth(attention: Floats) -> Floats:
    """Return the logarithm by which a week's mean attention outgrew the week before."""
    level = np.log(np.maximum(attention, 0.01))
    week = np.full(level.shape, np.nan)
    sums = np.cumsum(level, axis=1)
    week[:, 7:] = (sums[:, 7:] - sums[:, :-7]) / 7
    growth = np.full(level.shape, np.nan)
    growth[:, 7:] = week[:, 7:] - week[:, :-7]
    return growth
