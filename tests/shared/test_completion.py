"""Completion: which batch requests the metrics, when markers are visible late."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.completion import LOOKS_AGAIN_S, request_metrics_if_complete
from shared.interfaces import Parameter
from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS
from shared.runs import Mode, Run
from tests.fakes import FakeTables, FakeTopics, run_status, statement_name

RUN = Run(Mode.DAILY, date(2026, 3, 1))
BEFORE = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.completion.LOOKS_AGAIN_S", (0.0,) * len(LOOKS_AGAIN_S))


@dataclass(eq=False)
class LateTables(FakeTables):
    """What is visible changes with every look; the last of either is repeated."""

    markers: list[dict[int, datetime]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0

    def select(self, sql: str, **_: Parameter) -> list[dict[str, Any]]:
        if statement_name(sql) == "batches_done":
            self.looks += 1
            done = _next(self.markers)
            return [{"batch_no": no, "done_at": at} for no, at in done.items()]
        return [_next(self.statuses)]


def _next[T](left: list[T]) -> T:
    return left.pop(0) if len(left) > 1 else left[0]


def _look(
    markers: list[dict[int, datetime]],
    statuses: Sequence[dict[str, Any]] = ({},),
    *,
    batch_no: int = 3,
    batch_count: int = 3,
) -> tuple[int, int]:
    """Return how many requests batch 3 of 3 published, and how often it looked."""
    told = [run_status(**changes) for changes in statuses]
    tables, topics = LateTables(markers=markers, statuses=told), FakeTopics()
    ledger = Ledger(tables, "test")
    request_metrics_if_complete(RUN, batch_no, batch_count, ledger, topics)
    return len(topics.bodies(METRICS_REQUESTS)), tables.looks


def test_a_batch_counts_its_own_marker_before_it_is_visible() -> None:
    assert _look([{1: BEFORE, 2: BEFORE}]) == (1, 1)


def test_the_last_batch_looks_again_for_markers_that_are_late() -> None:
    assert _look([{}, {1: BEFORE}, {1: BEFORE, 2: BEFORE}]) == (1, 3)


def test_the_last_batch_looks_again_for_rows_that_are_late() -> None:
    statuses = [{"is_complete": False}, {"is_complete": False}, {}]
    assert _look([{1: BEFORE, 2: BEFORE}], statuses) == (1, 3)


def test_waiting_ends() -> None:
    assert _look([{1: BEFORE}]) == (0, 1 + len(LOOKS_AGAIN_S))


def test_waiting_is_longer_than_streamed_rows_take_to_be_visible() -> None:
    assert 5 < sum(LOOKS_AGAIN_S) < 10


def test_a_batch_leaves_the_run_to_the_one_that_was_marked_after_it() -> None:
    assert _look([{1: BEFORE}, {1: BEFORE, 2: LATER}]) == (0, 2)


def test_a_repeated_batch_that_is_not_the_last_requests_nothing() -> None:
    markers = {n: BEFORE + timedelta(seconds=n) for n in (1, 2, 3)}
    assert _look([markers], batch_no=2) == (0, 1)
    # The last one's first delivery may have died before it looked.
    assert _look([markers], batch_no=3) == (1, 1)


def test_two_markers_of_one_moment_have_one_last() -> None:
    markers = {2: BEFORE, 3: BEFORE}
    found = [_look([markers], batch_no=n, batch_count=2)[0] for n in (2, 3)]
    assert found == [0, 1]


def test_a_batch_in_the_middle_of_a_large_run_looks_once() -> None:
    markers = dict.fromkeys(range(1, 11), BEFORE)
    assert _look([markers], batch_no=11, batch_count=20) == (0, 1)


def test_metrics_that_are_requested_are_not_requested_again() -> None:
    markers = [{1: BEFORE, 2: BEFORE}]
    assert _look(markers, [{"is_metrics_requested": True}]) == (0, 1)
