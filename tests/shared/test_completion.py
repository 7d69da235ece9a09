"""Completion: which batch requests the metrics, when markers are visible late."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared import batches
from shared.batches import LOOKS_AGAIN_S, KnownBatches
from shared.clients import Clients
from shared.completion import complete
from shared.delivery import Delivery
from shared.errors import TmdbUnavailableError
from shared.interfaces import Parameter
from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS
from shared.runs import Mode, Run
from tests.fakes import (
    FakeMovies,
    FakeTables,
    FakeTopics,
    fake_settings,
    run_status,
    statement_name,
)

RUN = Run(Mode.DAILY, date(2026, 3, 1))
BEFORE = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = datetime.now(UTC) + timedelta(days=1)
FIRST = Delivery("17", BEFORE, 1, is_pushed=True, data=b"")
AGAIN = replace(FIRST, attempt=2)
CALLED = replace(FIRST, is_pushed=False)


@dataclass(eq=False)
class LateTables(FakeTables):
    """The visible rows change with every query; the last answers are repeated."""

    markers: list[dict[int, datetime]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    looks: int = 0
    status_looks: int = 0

    def select(self, sql: str, **_: Parameter) -> list[dict[str, Any]]:
        if statement_name(sql) == "batches_done":
            self.looks += 1
            done = _next(self.markers)
            return [{"batch_no": no, "done_at": at} for no, at in done.items()]
        self.status_looks += 1
        return [_next(self.statuses)]


def _next[T](left: list[T]) -> T:
    return left.pop(0) if len(left) > 1 else left[0]


class Instance:
    """One instance that handles batches; `markers` and `statuses`: see LateTables."""

    def __init__(
        self,
        markers: list[dict[int, datetime]],
        statuses: Sequence[dict[str, Any]] = ({},),
        batch_count: int = 3,
        **waits: float,
    ) -> None:
        rows = [run_status(**changes) for changes in statuses]
        self.tables = LateTables(markers=markers, statuses=rows)
        self.topics = FakeTopics()
        ledger, movies = Ledger(self.tables, "test"), FakeMovies()
        no_pause = (0.0,) * len(LOOKS_AGAIN_S)
        known = KnownBatches(looks_again_s=no_pause, **waits)
        self.clients = Clients(
            movies, self.tables, ledger, self.topics, fake_settings(), known
        )
        self.batch_count = batch_count
        self.worked: list[int] = []

    def handle(
        self,
        batch_no: int,
        delivery: Delivery = FIRST,
        during: Callable[[], object] = lambda: None,
    ) -> bool:
        """Handle a batch, during which something happens; return if it was done."""

        def work() -> None:
            during()
            self.worked.append(batch_no)

        return complete(RUN, batch_no, self.batch_count, delivery, self.clients, work)

    @property
    def requests(self) -> int:
        """The number of requests for metrics."""
        return len(self.topics.bodies(METRICS_REQUESTS))


def _look(
    markers: list[dict[int, datetime]],
    statuses: Sequence[dict[str, Any]] = ({},),
    *,
    batch_no: int = 3,
    batch_count: int = 3,
    delivery: Delivery = FIRST,
) -> tuple[int, int]:
    """Return how many requests batch 3 of 3 published, and how often markers were read.

    They are read once before its work, to know whether it is done.
    """
    instance = Instance(markers, statuses, batch_count)
    instance.handle(batch_no, delivery)
    return instance.requests, instance.tables.looks


def test_a_batch_counts_its_own_marker_before_it_is_visible() -> None:
    assert _look([{1: BEFORE, 2: BEFORE}]) == (1, 1)


def test_the_last_batch_looks_again_for_markers_that_are_late() -> None:
    assert _look([{}, {1: BEFORE}, {1: BEFORE, 2: BEFORE}]) == (1, 3)


def test_the_last_batch_looks_again_for_rows_that_are_late() -> None:
    statuses = [{"is_complete": False}, {"is_complete": False}, {}]
    instance = Instance([{1: BEFORE, 2: BEFORE}], statuses)
    instance.handle(3)
    assert (instance.requests, instance.tables.status_looks) == (1, 3)
    assert instance.tables.looks == 1  # all markers are visible, and some rows are not


def test_waiting_ends() -> None:
    assert _look([{1: BEFORE}]) == (0, 2 + len(LOOKS_AGAIN_S))


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


def test_a_redelivered_batch_looks_whichever_is_the_last() -> None:
    markers = {n: BEFORE + timedelta(seconds=n) for n in (1, 2, 3)}
    # The last one may have left the run to it, and its instance may have died.
    assert _look([markers], batch_no=2, delivery=AGAIN) == (1, 1)
    # It does not wait for the others.
    del markers[3]
    assert _look([markers], batch_no=1, delivery=AGAIN) == (0, 2)


def test_a_batch_in_the_middle_of_a_large_run_looks_once() -> None:
    markers = dict.fromkeys(range(1, 11), BEFORE)
    assert _look([markers], batch_no=11, batch_count=20) == (0, 2)


def test_metrics_that_are_requested_are_not_requested_again() -> None:
    markers = [{1: BEFORE, 2: BEFORE}]
    assert _look(markers, [{"is_metrics_requested": True}]) == (0, 1)


def test_of_the_batches_of_an_instance_only_the_last_looks() -> None:
    instance, began = Instance([{}], batch_count=8), threading.Barrier(8)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda no: instance.handle(no, FIRST, began.wait), range(1, 9)))
    # One query for the done batches, and one for the status.
    assert (instance.tables.looks, instance.tables.status_looks) == (1, 1)
    assert instance.requests == 1


def test_a_batch_that_begins_while_another_looks_takes_the_look_over() -> None:
    instance = Instance([{}], batch_count=2)
    instance.handle(2, FIRST, lambda: instance.handle(1))
    assert instance.worked == [1, 2]
    assert (instance.tables.looks, instance.tables.status_looks) == (1, 1)
    assert instance.requests == 1


def test_a_look_left_to_a_batch_that_fails_comes_with_its_redelivery() -> None:
    instance = Instance([{}], batch_count=2)

    def other_ends_then_tmdb_is_away() -> None:
        instance.handle(1)
        raise TmdbUnavailableError("TMDB is away")

    with pytest.raises(TmdbUnavailableError):
        instance.handle(2, FIRST, other_ends_then_tmdb_is_away)
    assert instance.requests == 0
    assert instance.handle(2, AGAIN) is False
    assert instance.requests == 1


def test_a_look_left_to_a_duplicate_that_fails_comes_with_its_redelivery() -> None:
    instance = Instance([{}, {1: LATER, 2: BEFORE}], batch_count=2)

    def last_ends_then_tmdb_is_away() -> None:
        instance.handle(1)
        raise TmdbUnavailableError("TMDB is away")

    with pytest.raises(TmdbUnavailableError):
        instance.handle(2, FIRST, last_ends_then_tmdb_is_away)
    elsewhere = Instance([{1: LATER, 2: BEFORE}], batch_count=2)
    assert elsewhere.handle(2, AGAIN) is True
    assert (instance.requests, elsewhere.requests) == (0, 1)


@pytest.mark.parametrize(("delivery", "looks"), [(FIRST, 1), (AGAIN, 2), (CALLED, 2)])
def test_only_first_deliveries_share_an_answer(delivery: Delivery, looks: int) -> None:
    instance = Instance([{1: BEFORE, 2: BEFORE, 3: LATER}])
    instance.handle(1)
    assert instance.handle(2, delivery) is True
    assert instance.tables.looks == looks


def test_an_old_answer_is_not_shared() -> None:
    markers = [{1: BEFORE, 3: LATER}, {1: BEFORE, 2: BEFORE, 3: LATER}]
    instance = Instance(markers, shared_for_s=0.0)
    instance.handle(1)
    assert instance.handle(2) is True


def test_a_batch_of_this_instance_is_done_before_its_marker_is_visible() -> None:
    instance = Instance([{}])
    instance.handle(1)
    assert instance.handle(1, AGAIN) is True
    assert instance.worked == [1]


def test_an_own_marker_that_never_becomes_visible_does_not_count_for_long() -> None:
    instance = Instance([{}], own_for_s=-1.0)
    instance.handle(1)
    assert instance.handle(1, AGAIN) is False
    assert instance.worked == [1, 1]


def test_a_failed_batch_is_not_taken_for_done() -> None:
    instance = Instance([{}])

    def fail() -> None:
        raise TmdbUnavailableError("TMDB is away")

    with pytest.raises(TmdbUnavailableError):
        instance.handle(1, FIRST, fail)
    assert instance.handle(1) is False


def test_an_instance_forgets_the_runs_of_long_ago() -> None:
    known, ledger = batches.KnownBatches(), Ledger(LateTables(markers=[{}]), "test")
    runs = [Run(Mode.DAILY, date(2026, 3, 1) + timedelta(n)) for n in range(40)]
    with known.at_work(runs[0], 1):
        for run in runs:
            known.done(run, ledger)
        assert known.are_at_work(runs[0])  # and none that is in progress
    tables = LateTables(markers=[{}])
    for run in runs:
        known.done(run, Ledger(tables, "test"), max_age_s=3600)
    assert tables.looks > len(runs) - batches.RUNS_KEPT - 1
