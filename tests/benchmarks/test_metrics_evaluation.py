"""The evaluation of the scores, on one small seed of each simulator."""

import io

import numpy as np
import pytest
from rich.console import Console

from benchmarks.metrics.__main__ import QUICK_SEEDS, QUICK_SIZE, evaluate
from benchmarks.metrics.computed import (
    EARLIER,
    METHODS,
    PREDECESSOR,
    SHIPPED,
    WEEK,
    Cell,
)
from benchmarks.metrics.report import spread, tables
from benchmarks.metrics.simulators import SIMULATORS
from benchmarks.metrics.statements import bench
from benchmarks.metrics.study import Seeds


@pytest.mark.exhaustive
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
        assert precision[SHIPPED] > precision[WEEK]
        assert precision[SHIPPED] >= precision[EARLIER] > precision[PREDECESSOR]
        against = Cell(simulator, "word against the sign of the percent, %", SHIPPED)
        assert spread(measured, against)[0] == 0
    assert [table.row_count > 1 for table in tables(measured)] == [True] * 6


def test_a_seed_that_judges_trains_and_tunes_nothing() -> None:
    with pytest.raises(ValueError, match="two purposes"):
        Seeds(oracle=(1, 2), tuning=(3,), test=(2, 4))
    with pytest.raises(ValueError, match="two purposes"):
        Seeds(oracle=(1, 2), tuning=(4,), test=(4, 5))


@pytest.mark.emulator
@pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning")
def test_the_table_of_thresholds_has_the_shipped_alarm_in_it() -> None:
    simulation = SIMULATORS["B"](5, 100, 90)
    with bench() as emulated:
        shipped, _ = emulated.compute(simulation, whole=False)
    alarms = shipped.grids["is_breakout_alarm"]
    assert alarms.any()
    with np.errstate(invalid="ignore"):
        raised = shipped.number("surge") >= 3
    assert np.array_equal(raised & shipped.grids["is_worth_an_alarm"], alarms)
    assert not shipped.grids["is_worth_an_alarm"][simulation.observed].all()
