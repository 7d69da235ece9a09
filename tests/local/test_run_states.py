"""Reading the state of runs: which rows are read, and their order."""

from datetime import date
from typing import Any

from local import run_states
from shared.interfaces import Parameter
from tests.fakes import FakeTables

FIRST, SECOND = "initial-2026-06-01", "daily-2026-06-03"


class _Stored(FakeTables):
    """Runs in the order of their storage; remembers the parameters."""

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        self.executed.append((sql, parameters))
        return [{"run_id": SECOND}, {"run_id": FIRST}]


def test_runs_are_in_the_order_of_their_ids() -> None:
    tables = _Stored()
    found = run_states.of_ids(tables, [FIRST, "weekly-2026-06-02", SECOND])
    assert [run["run_id"] for run in found] == [FIRST, SECOND]


def test_only_the_partitions_of_the_runs_are_read() -> None:
    tables = _Stored()
    assert run_states.of_ids(tables, [SECOND, FIRST])
    [(_, parameters)] = tables.executed
    days = {"from_date": date(2026, 6, 1), "to_date": date(2026, 6, 3)}
    assert parameters == {"run_ids": f"{SECOND},{FIRST}", **days}


def test_a_run_that_is_not_planned_is_none() -> None:
    assert run_states.of_id(_Stored(), "weekly-2026-06-02") is None
