"""Seeds in, measures out: thresholds from dev seeds, everything else from test seeds.

A test seed is computed five times: as it is, with 20 % of its rows missing, with
popularity times 1.7 and times 0.6 from one day on, and with the votes of every movie as
restless as those of fresh ones.
"""

from collections.abc import Mapping

import numpy as np

from benchmarks.metrics import calls, scoring, trends
from benchmarks.metrics.computed import Measures, compute
from benchmarks.metrics.simulation import FRESH_DISPERSION, simulate
from benchmarks.metrics.statements import Bench

_MISSING_SHARE = 0.2
_RESCALINGS = {"x1.7": 1.7, "x0.6": 0.6}


def find_thresholds(
    bench: Bench, seeds: list[int], size: tuple[int, int]
) -> dict[str, float]:
    """Give every method the same number of false alarms on the dev seeds."""
    developed = [compute(bench, simulate(seed, *size)) for seed in seeds]
    return {
        name: scoring.threshold(
            [each.scores()[name][scoring.quiet(each.simulation)] for each in developed]
        )
        for name in developed[0].scores()
    }


def judge(
    bench: Bench, seed: int, size: tuple[int, int], thresholds: Mapping[str, float]
) -> Measures:
    """Measure one test seed."""
    simulation = simulate(seed, *size)
    whole = compute(bench, simulation)
    gappy = compute(bench, simulation.with_rows_missing(_MISSING_SHARE))
    day = (scoring.WARM_UP_DAYS + size[1]) // 2
    measures = dict(calls.simulated(simulation))
    measures |= calls.ranked(whole)
    measures |= calls.detected(whole, thresholds)
    measures |= calls.ruled(whole)
    measures |= calls.with_gaps(whole, gappy, thresholds)
    measures |= calls.rescaled("as it is", whole, day, thresholds)
    for name, factor in _RESCALINGS.items():
        moved = compute(bench, simulation.rescaled(factor, day))
        measures |= calls.rescaled(name, moved, day, thresholds)
    measures |= calls.regimes(whole)
    restless = compute(bench, simulate(seed, *size, FRESH_DISPERSION))
    always = np.ones_like(simulation.observed)
    measures |= calls.regime("restless votes", restless, always)
    measures |= trends.momentum(whole)
    measures |= trends.outlook(whole)
    return measures
