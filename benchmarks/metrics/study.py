"""Evaluate the scores on seeds; each kind of seed is used for one purpose only.

Oracle seeds train the oracle, tuning seeds set the thresholds, test seeds judge. A test
seed is computed as it is, with 20 % of its rows missing, and with popularity times 1.7
and times 0.6 from one day on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.metrics import calls, oracle, scoring, trends
from benchmarks.metrics.computed import Measures, compute
from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.statements import Bench

_MISSING_SHARE = 0.2
_RESCALINGS = {"x 1": 1.0, "x 1.7": 1.7, "x 0.6": 0.6}
"""By 1: the same days as they are, to compare with."""
_LOOK_BACK_DAYS = 46


@dataclass(frozen=True, slots=True)
class Seeds:
    """Three sets without a common seed."""

    oracle: Sequence[int]
    tuning: Sequence[int]
    test: Sequence[int]

    def __post_init__(self) -> None:
        every = [*self.oracle, *self.tuning, *self.test]
        if len(set(every)) < len(every):
            raise ValueError(f"a seed has two purposes: {every}")


@dataclass(frozen=True, slots=True)
class Study:
    """One simulator, its trained oracle and every score's threshold."""

    simulator: str
    size: tuple[int, int]
    trained: oracle.Oracle
    thresholds: Mapping[str, float]

    def judge(self, bench: Bench, seed: int) -> Measures:
        """Measure one test seed."""
        table, simulation = (
            self.simulator,
            SIMULATORS[self.simulator](seed, *self.size),
        )
        whole = compute(bench, simulation, self.trained, whole=True)
        scores = whole.scores()
        alarms = calls.called(scores, self.thresholds)
        measures = calls.ranked(table, simulation, scores)
        measures |= calls.detected(table, simulation, alarms)
        measures |= calls.ruled(table, whole)
        measures |= trends.momentum(table, whole)
        gappy = simulation.with_rows_missing(_MISSING_SHARE)
        measures |= calls.with_gaps(
            table, compute(bench, gappy, self.trained), self.thresholds
        )
        day = (scoring.WARM_UP_DAYS + self.size[1]) // 2
        for change, factor in _RESCALINGS.items():
            around = simulation.rescaled(factor, day).cut(
                day - _LOOK_BACK_DAYS, day + calls.AFTER_DAYS - 1
            )
            moved = compute(bench, around, self.trained)
            measures |= calls.rescaled(table, change, moved, self.thresholds)
        measures |= calls.thresholds_of_the_alarm(table, whole)
        measures |= trends.outlook(table, whole)
        return measures


def prepare(bench: Bench, simulator: str, seeds: Seeds, size: tuple[int, int]) -> Study:
    """Train the oracle, then give every score as many false alarms on tuning seeds."""
    simulate = SIMULATORS[simulator]
    trained = oracle.train([simulate(seed, *size) for seed in seeds.oracle])
    tuned = [compute(bench, simulate(seed, *size), trained) for seed in seeds.tuning]
    scores = [(scoring.quiet(each.simulation), each.scores()) for each in tuned]
    thresholds = {
        name: scoring.threshold([score[name][quiet] for quiet, score in scores])
        for name in scores[0][1]
    }
    return Study(simulator, size, trained, thresholds)
