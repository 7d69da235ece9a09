"""The state of runs: which rows are read, their order, and each state in words."""

from datetime import date
from typing import Any

import pytest

from local import run_states
from shared.interfaces import Parameter
from tests.fakes import FakeTables
from tests.run_rows import run_state

FIRST, SECOND = "initial-2026-06-01", "daily-2026-06-03"


class _Stored(FakeTables):
    """Runs in the order of their storage; remembers the parameters."""

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        self.executed.append((sql, parameters))
        return [{"run_id": SECOND}, {"run_id": FIRST}]


def test_runs_are_in_the_order_of_their_ids() -> None:
    tables = _Stored()
    found = run_states.of_ids(tables, [FIRST, "weekly-2026-06-02", SECOND])
    assert [run.run_id for run in found] == [FIRST, SECOND]


def test_only_the_partitions_of_the_runs_are_read() -> None:
    tables = _Stored()
    assert run_states.of_ids(tables, [SECOND, FIRST])
    [(_, parameters)] = tables.executed
    days = {"from_date": date(2026, 6, 1), "to_date": date(2026, 6, 3)}
    assert parameters == {"run_ids": f"{SECOND},{FIRST}", **days}


def test_a_run_that_is_not_planned_is_none() -> None:
    assert run_states.of_id(_Stored(), "weekly-2026-06-02") is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "published, 998 of 1,000 movies in 95 s"),
        (
            {"state": "PARTIAL", "fetched": 900, "rows_visible": 900, "coverage": 0.9},
            "partial, 900 of 1,000 movies (90.0%)",
        ),
        (
            {"state": "FAILED", "is_check_failed": True},
            "failed: a check found what must not be published",
        ),
        (
            {"state": "FAILED", "fetched": 0, "rows_visible": 0},
            "failed: its time is up with 0 of 1,000 movies",
        ),
        ({"state": "METRICS"}, "computing metrics, 998 of 1,000 movies"),
        ({"state": "COMPLETE"}, "complete, 998 of 1,000 movies"),
        (
            {"state": "FETCHING", "fetched": 50, "batches_done": 1, "rows_visible": 75},
            "fetching, 75 of 1,000 movies, 1 of 20 batches",
        ),
        ({"state": "PLANNED"}, "planned, 1,000 movies in 20 batches"),
        ({"mode": "history"}, "published, 998 of 1,000 movie-days"),
    ],
)
def test_a_state_is_a_sentence(changes: dict[str, object], words: str) -> None:
    assert run_state(**changes).in_words().startswith(words)


def test_what_is_gone_is_settled() -> None:
    assert run_state().settled == 1_000
    # Rows are visible before the batch's event, and never count beyond the plan.
    assert run_state(rows_visible=2_000, not_found=0).fetched == 1_000
