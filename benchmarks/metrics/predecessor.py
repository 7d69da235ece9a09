"""The predecessor's formulas as they were meant, computed from popularity and votes.

Its references are rows, not days: LAG(1) and LAG(7) over the rows a movie happens to
have. As deployed it filtered before the windows and got NULL everywhere; that is not
held against it here.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Flags, Floats


@dataclass(frozen=True, slots=True)
class Predecessor:
    """Grids [movie, day]; NaN where it says NULL."""

    viral_score: Floats
    is_viral: Flags
    is_surging: Flags


def compute(simulation: Simulation) -> Predecessor:
    """Run its formulas on the rows there are."""
    popularity, votes = simulation.popularity, simulation.votes.astype(float)
    popularity_1 = _lag(popularity, simulation.observed, 1)
    popularity_7 = _lag(popularity, simulation.observed, 7)
    votes_7 = _lag(votes, simulation.observed, 7)
    with np.errstate(divide="ignore", invalid="ignore"):
        one_day_pct = _pct(popularity, popularity_1)
        score = (
            0.6 * _pct(votes, votes_7) + 0.4 * _pct(popularity, popularity_7)
        ).clip(0, 100)
    return Predecessor(
        viral_score=score,
        is_viral=score >= 40,  # noqa: PLR2004 - its threshold
        is_surging=one_day_pct > 10,  # noqa: PLR2004 - its threshold
    )


def _pct(now: Floats, before: Floats) -> Floats:
    change = 100 * (now - before) / before
    return np.where(np.isfinite(change), change, np.nan)


def _lag(values: Floats, observed: Flags, rows: int) -> Floats:
    """Return for each row the value of a number of rows before it."""
    lagged = np.full(values.shape, np.nan)
    for movie, days in enumerate(map(np.flatnonzero, observed)):
        lagged[movie, days[rows:]] = values[movie, days[:-rows]]
    return lagged
