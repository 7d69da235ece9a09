"""The evaluation of the scores, on one small seed of each simulator."""

import io

import numpy as np
import pytest
from rich.console import Console

from benchmarks.metrics import proposed
from benchmarks.metrics.__main__ import QUICK_SEEDS, QUICK_SIZE, evaluate
from benchmarks.metrics.computed import (
    EARLIER,
    METHODS,
    PREDECESSOR,
    PROPOSED,
    SHIPPED,
    WEEK,
    Cell,
)
from benchmarks.metrics.report import spread, tables
from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.statements import bench
from benchmarks.metrics.study import Seeds


@pytest.mark.emulator
@pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning")
def test_every_score_is_measured_by_both_simulators() -> None:
    measured = evaluate(QUICK_SIZE, QUICK_SEEDS, Console(file=io.StringIO()))

    for simulator in SIMULATORS:
        precision = {
            name: spread(measured, Cell(simulator, "average precision", name))[0]
            for name in METHODS
        }
        assert np.isfinite(list(precision.values())).all()
        assert precision[PROPOSED] > precision[WEEK]
        assert precision[SHIPPED] >= precision[EARLIER] > precision[PREDECESSOR]
        against = Cell(simulator, "word against the sign of the percent, %", PROPOSED)
        assert spread(measured, against)[0] == 0
    assert [table.row_count > 1 for table in tables(measured)] == [True] * 6


def test_a_seed_that_judges_trains_and_tunes_nothing() -> None:
    with pytest.raises(ValueError, match="two purposes"):
        Seeds(oracle=(1, 2), tuning=(3,), test=(2, 4))
    with pytest.raises(ValueError, match="two purposes"):
        Seeds(oracle=(1, 2), tuning=(4,), test=(4, 5))


@pytest.mark.emulator
@pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning")
@pytest.mark.parametrize("simulator", SIMULATORS)
def test_the_statements_compute_the_proposed_score(simulator: str) -> None:
    simulation = SIMULATORS[simulator](5, 100, 90)
    with bench() as emulated:
        shipped, _ = emulated.compute(simulation, whole=False)
    made = proposed.compute(simulation, shipped.number("popularity_pct_change_7d"))
    coefficient = 100 * (1 - 2 ** (-np.maximum(made.surge, 0) / 4))
    rows = simulation.observed
    assert np.isfinite(coefficient[rows]).any()
    assert shipped.number("viral_coefficient")[rows] == pytest.approx(
        coefficient[rows], abs=1e-6, nan_ok=True
    )
    assert np.array_equal(shipped.grids["is_breakout_alarm"][rows], made.alarm()[rows])
