"""How far any score could come: gradient boosting on all that 45 days show.

It is trained on simulated seeds that judge nothing, and knows the simulator, which no
score of real movies can. Never train it on TMDB's data: TMDB's terms forbid it.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.metrics import scoring
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Floats, Ints

_POPULARITY_AGES = (*range(15), 17, 20, 24, 29, 35, 44)
_VOTE_AGES = (*range(1, 11), 14, 21, 28, 35, 44)
_QUIET_KEPT = 0.1
_CALM, _UP, _DOWN, _BETWEEN = range(4)


@dataclass(frozen=True, slots=True)
class Oracle:
    """Two models of one simulator: is a day relevant; did the true week move."""

    relevance: HistGradientBoostingClassifier
    movement: HistGradientBoostingClassifier

    def score(self, simulation: Simulation) -> Floats:
        """Return the probability that a movie-day is relevant; NaN without a row."""
        grid = np.full(simulation.observed.shape, np.nan)
        chances = self.relevance.predict_proba(_features(simulation))
        grid[scoring.judged(simulation)] = chances[:, 1]
        return grid

    def momentum(
        self, simulation: Simulation
    ) -> np.ndarray[tuple[int, int], np.dtype[np.object_]]:
        """Return the class of the true week: Rising, Stable or Declining."""
        words = np.array(["Stable", "Rising", "Declining", "Stable"], dtype=object)
        labels = np.full(simulation.observed.shape, "", dtype=object)
        found = self.movement.predict(_features(simulation)).astype(int)
        labels[scoring.judged(simulation)] = words[found]
        return labels


def train(simulations: list[Simulation]) -> Oracle:
    """Learn from all rows but a share of the quiet ones, which count tenfold."""
    features, relevant, moves, weights = [], [], [], []
    for simulation in simulations:
        judged = scoring.judged(simulation)
        draw = np.random.default_rng([simulation.seed, ord("O")])
        is_quiet = simulation.labels.quiet[judged]
        kept = ~is_quiet | (draw.random(len(is_quiet)) < _QUIET_KEPT)
        features.append(_features(simulation)[kept])
        relevant.append(simulation.labels.relevant[judged][kept])
        moves.append(_movement(simulation)[judged][kept])
        weights.append(np.where(is_quiet[kept], 1 / _QUIET_KEPT, 1))
    lines, counts = np.concatenate(features), np.concatenate(weights)
    # Threads that wait for each other stand still on a machine with other work.
    with threadpool_limits(limits=1):
        models = [
            HistGradientBoostingClassifier(max_iter=200, random_state=0).fit(
                lines, np.concatenate(target), sample_weight=counts
            )
            for target in (relevant, moves)
        ]
    return Oracle(*models)


def _movement(simulation: Simulation) -> Ints:
    growth = scoring.true_growth(simulation.attention)
    return np.select(
        [
            np.abs(growth) <= scoring.TRUE_CALM,
            growth >= scoring.TRUE_MOVE,
            growth <= -scoring.TRUE_MOVE,
        ],
        [_CALM, _UP, _DOWN],
        _BETWEEN,
    )


def _features(simulation: Simulation) -> Floats:
    """Return one line per judged row: growth against past days, votes since, level."""
    observed = simulation.observed
    is_known = observed & (simulation.popularity > 0)
    level = np.log(np.where(is_known, simulation.popularity, np.nan))
    level -= np.array([_median(column) for column in level.T])
    votes = np.log1p(np.where(observed, simulation.votes, np.nan))
    count = np.where(observed, simulation.votes.astype(float), np.nan)
    judged = scoring.judged(simulation)
    columns = [level, votes]
    columns += [level - _shown(level, age) for age in _POPULARITY_AGES[1:]]
    columns += [np.arcsinh(count - _shown(count, age)) for age in _VOTE_AGES]
    return np.stack([column[judged] for column in columns], axis=1)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if known.size else 0.0


def _shown(grid: Floats, age: int) -> Floats:
    lagged = np.full(grid.shape, np.nan)
    lagged[:, age:] = grid[:, :-age]
    return lagged
