"""The sweep: what an open run needs, and what is then written and published."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.ingest_changes.main import run
from functions.ingest_changes.sweep import Need, need
from shared.clients import Clients
from shared.errors import QueueUnavailableError, RowsRejectedError
from shared.interfaces import ExportRow, ListedMovie
from shared.ledger import Ledger
from shared.messages import (
    INGEST_REQUESTS,
    METRICS_REQUESTS,
    MOVIE_BATCHES,
    IngestRequest,
)
from shared.runs import Mode, OpenRun
from tests.fakes import FakeMovies, FakeTables, FakeTopics, fake_settings
from tests.push_requests import delivery_on

DAY = date(2026, 3, 1)
AT_NINE = datetime(2026, 3, 1, 9, tzinfo=UTC)
DELIVERY = delivery_on(DAY)
SWEEP = IngestRequest(Mode.SWEEP)
STALLED_S, DEADLINE_S = 1_200.0, 10_800.0


def _open(**changes: object) -> dict[str, Any]:
    return {
        "run_id": "daily-2026-03-01",
        "batches_total": 3,
        "batches_done": 1,
        "expected": 120,
        "fetched": 50,
        "is_complete": False,
        "is_closed": False,
        "is_due": False,
        "is_metrics_requested": False,
        "metrics_requests": 0,
        "republished": 0,
        "age_s": 1_500.0,
        "quiet_s": 1_300.0,
        "requested_s_ago": None,
    } | changes


def _planned(batch_no: int, **fields: object) -> dict[str, Any]:
    return {
        "batch_no": batch_no,
        "batch_count": 3,
        "movie_ids": [batch_no],
        "export_date": None,
        "age_s": 1_500.0,
        "is_published": True,
        "is_done": batch_no == 1,
        **fields,
    }


DUE = {"is_complete": True, "is_due": True}
ASKED = {**DUE, "is_metrics_requested": True, "metrics_requests": 1}


@pytest.mark.parametrize(
    ("seen", "what"),
    [
        ({}, Need.MISSING_BATCHES),
        ({"quiet_s": 1_199.0}, Need.NOTHING),
        ({"republished": 2}, Need.MISSING_BATCHES),
        ({"republished": 3}, Need.NOTHING),
        # Rows are not visible yet: nothing is missing.
        ({"batches_done": 3}, Need.NOTHING),
        ({"age_s": 10_800.0, "quiet_s": 5.0}, Need.END),
        ({"age_s": 10_800.0, "is_closed": True}, Need.NOTHING),
        ({**DUE}, Need.METRICS),
        # A late run that is complete counts as complete.
        ({**DUE, "age_s": 99_999.0}, Need.METRICS),
        ({**ASKED, "requested_s_ago": 9.0}, Need.NOTHING),
        ({**ASKED, "requested_s_ago": 1_200.0}, Need.METRICS),
        ({**ASKED, "requested_s_ago": 1_200.0, "metrics_requests": 2}, Need.METRICS),
        ({**ASKED, "requested_s_ago": 1_199.0, "metrics_requests": 3}, Need.NOTHING),
        # After three requests it has failed.
        ({**ASKED, "requested_s_ago": 1_200.0, "metrics_requests": 3}, Need.FAILURE),
        ({**ASKED, "requested_s_ago": 1_200.0, "metrics_requests": 9}, Need.FAILURE),
        # A request before the late batch does not count.
        ({**DUE, "requested_s_ago": 9.0}, Need.METRICS),
        ({"is_closed": True, "is_due": True}, Need.METRICS),
    ],
)  # fmt: skip
def test_a_run_gets_what_it_needs(seen: dict[str, object], what: Need) -> None:
    assert need(OpenRun.from_row(_open(**seen)), STALLED_S, DEADLINE_S) is what


EXPORT = [ExportRow(1, 5.0, is_feature=True)]


SETTINGS = fake_settings(
    tracked_movies=100, run_stalled_s=STALLED_S, run_deadline_s=DEADLINE_S
)


def _clients(
    tables: FakeTables, topics: FakeTopics, movies: FakeMovies | None = None
) -> Clients:
    ledger = Ledger(tables, "test")
    movies = movies or FakeMovies()
    return Clients(movies, tables, ledger, topics, SETTINGS)


MISSED: dict[str, Any] = {
    "is_planned": False,
    "is_tracking": True,
    "requested_at": None,
    "is_without_export": False,
}


def _swept(
    *runs: dict[str, Any],
    plan: list[dict[str, Any]] | None = None,
    request: IngestRequest = SWEEP,
    at: datetime = AT_NINE,
    missed: dict[str, Any] | None = None,
    topics: FakeTopics | None = None,
    movies: FakeMovies | None = None,
) -> tuple[dict[str, Any], FakeTables, FakeTopics]:
    tables = FakeTables(
        answers={
            "open_runs": list(runs),
            "stored_plan": plan or [],
            "last_complete_run": [{"run_date": None}],
            "missed_day": [missed or MISSED],
        }
    )
    topics = topics or FakeTopics()
    delivery = replace(DELIVERY, published_at=at)
    return run(request, delivery, _clients(tables, topics, movies)), tables, topics


def test_nothing_open_is_nothing_done() -> None:
    answer, tables, topics = _swept()
    assert answer == {
        "status": "swept",
        "requested": 0,
        "republished": 0,
        "closed": 0,
        "failed": 0,
        "unchanged": 0,
        "started": 0,
        "troubled": 0,
    }
    assert (tables.appended, topics.published) == ({}, [])


def test_missing_batches_are_published_again() -> None:
    plan = [_planned(n) for n in (1, 2, 3)]
    answer, tables, topics = _swept(_open(), plan=plan)
    assert answer["republished"] == 1
    assert [body["movie_ids"] for body in topics.bodies(MOVIE_BATCHES)] == [[2], [3]]
    [event] = tables.events("RUN_REPUBLISHED")
    assert (event["run_id"], event["batch_count"]) == ("daily-2026-03-01", 2)


@pytest.mark.parametrize(
    ("run_id", "batch"),
    [
        ("history-2026-03-01", {"batch_no": 2, "batch_count": 3}),
        # A day that was requested alone is its own run, and not part of a plan.
        ("history-2026-03-01-2026-02-20", {}),
    ],
)
def test_missing_days_are_requested_again(run_id: str, batch: dict[str, int]) -> None:
    plan = [_planned(2, movie_ids=[], export_date=date(2026, 2, 20))]
    _, _, topics = _swept(_open(run_id=run_id), plan=plan)
    assert topics.bodies(INGEST_REQUESTS) == [
        {"mode": "history_day", "run_date": "2026-03-01", "date": "2026-02-20", **batch}
    ]


def test_a_run_past_its_deadline_is_closed_and_computed() -> None:
    answer, tables, topics = _swept(_open(age_s=11_000.0))
    assert answer["closed"] == 1
    [closed] = tables.events("RUN_CLOSED")
    assert closed["reason"] == (
        "2 of 3 batches are missing, 50 of 120 movies were fetched in 11000 s"
    )
    assert topics.bodies(METRICS_REQUESTS) == [
        {"run_id": "daily-2026-03-01", "run_date": "2026-03-01"}
    ]
    assert len(tables.events("METRICS_REQUESTED")) == 1


def test_a_run_with_nothing_is_closed_and_left() -> None:
    _, tables, topics = _swept(_open(age_s=11_000.0, fetched=0))
    assert len(tables.events("RUN_CLOSED")) == 1
    assert topics.published == []


def test_metrics_that_are_due_are_requested() -> None:
    answer, tables, topics = _swept(_open(**DUE), _open(run_id="weekly-2026-02-28"))
    assert (answer["requested"], answer["republished"]) == (1, 1)
    assert len(topics.bodies(METRICS_REQUESTS)) == 1
    assert len(tables.events("METRICS_REQUESTED")) == 1


def test_a_weekly_run_at_its_deadline_is_closed_and_nothing_is_computed() -> None:
    overdue = _open(run_id="weekly-2026-02-28", age_s=11_000.0, fetched=40)
    answer, tables, topics = _swept(overdue)
    assert answer["closed"] == 1
    assert len(tables.events("RUN_CLOSED")) == 1
    assert topics.published == []


def test_after_an_outage_the_missed_days_are_taken_from_exports() -> None:
    tables = FakeTables(
        answers={
            "stored_plan": [],
            "export_days": [],
            "last_complete_run": [{"run_date": date(2026, 2, 26)}],
            "active": [{"movie_id": 1}],
            "known": [],
        }
    )
    topics = FakeTopics()
    there = {date(2026, 2, day): EXPORT for day in (26, 27, 28)}
    movies = FakeMovies(popular=[ListedMovie(1, 5.0)], exports=there)
    ledger = Ledger(tables, "test")
    clients = Clients(movies, tables, ledger, topics, SETTINGS)
    run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    # The run of the 26th was complete; the 1st is today.
    assert topics.bodies(INGEST_REQUESTS) == [
        {
            "mode": "history_day",
            "run_date": "2026-03-01",
            "date": f"2026-02-{day}",
            "batch_no": no,
            "batch_count": 2,
        }
        for no, day in ((1, 27), (2, 28))
    ]
    assert {"plan_history-2026-03-01", "plan_daily-2026-03-01"} <= tables.jobs


def test_after_three_requests_without_metrics_the_run_has_failed() -> None:
    """It was 190 requests in 14 days."""
    requested = {**ASKED, "requested_s_ago": 1_500.0, "metrics_requests": 3}
    answer, tables, topics = _swept(_open(**requested))
    assert (answer["failed"], answer["requested"]) == (1, 0)
    [failed] = tables.events("METRICS_FAILED")
    assert "requested 3 times, the last 1500 s ago" in failed["reason"]
    assert topics.published == []


class _TroubledTopics(FakeTopics):
    """A fake Pub/Sub that refuses the messages of one run."""

    def __init__(self, run_id: str, error: Exception) -> None:
        super().__init__()
        self._run_id, self._error = run_id, error

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        bodies = list(bodies)
        if any(body.get("run_id") == self._run_id for body in bodies):
            raise self._error
        return super().publish(topic, bodies)


RUNS = tuple(_open(run_id=f"daily-2026-03-0{n}", **DUE) for n in (1, 2, 3))


@pytest.mark.parametrize(
    "error", [QueueUnavailableError("away"), KeyError("a mistake of ours")]
)
def test_the_trouble_of_one_run_never_stops_the_others(error: Exception) -> None:
    topics = _TroubledTopics("daily-2026-03-01", error)
    with pytest.raises(type(error)):
        _swept(*RUNS, topics=topics)
    assert [body["run_id"] for body in topics.bodies(METRICS_REQUESTS)] == [
        "daily-2026-03-02",
        "daily-2026-03-03",
    ]


def test_what_stays_wrong_with_one_run_does_not_park_the_sweep() -> None:
    topics = _TroubledTopics(
        "daily-2026-03-02", RowsRejectedError("a column is missing")
    )
    answer, _, _ = _swept(*RUNS, topics=topics)
    assert (answer["requested"], answer["troubled"]) == (2, 1)


AT_ONE = datetime(2026, 3, 1, 13, tzinfo=UTC)


def test_a_day_without_a_daily_run_gets_one_from_the_sweep() -> None:
    answer, tables, topics = _swept(at=AT_ONE)
    assert answer["started"] == 1
    assert topics.bodies(INGEST_REQUESTS) == [
        {"mode": "daily", "run_date": "2026-03-01"}
    ]
    [event] = tables.events("RUN_REQUESTED")
    assert (event["run_id"], event["run_date"]) == ("daily-2026-03-01", "2026-03-01")


@pytest.mark.parametrize(
    ("at", "missed", "request_"),
    [
        # Scheduler's tick may still arrive.
        (AT_ONE - timedelta(seconds=1), {}, SWEEP),
        (AT_ONE, {"is_planned": True}, SWEEP),
        # Deployed, without an initial load.
        (AT_ONE, {"is_tracking": False}, SWEEP),
        # Already requested.
        (AT_ONE, {"requested_at": AT_ONE - timedelta(minutes=119)}, SWEEP),
        # A sweep of a day by a user.
        (AT_ONE, {}, IngestRequest(Mode.SWEEP, DAY)),
    ],
)
def test_a_day_that_needs_no_daily_run_gets_none(
    at: datetime, missed: dict[str, Any], request_: IngestRequest
) -> None:
    answer, tables, topics = _swept(at=at, missed=MISSED | missed, request=request_)
    assert answer.get("started", 0) == 0
    assert (tables.appended, topics.published) == ({}, [])


def test_a_request_that_made_no_plan_either_is_repeated() -> None:
    """A tick in the dead letters (401) counts as missing too."""
    requested_at = AT_ONE - timedelta(hours=2)
    answer, _, _ = _swept(at=AT_ONE, missed=MISSED | {"requested_at": requested_at})
    assert answer["started"] == 1


LATE = MISSED | {"is_planned": True, "is_without_export": True}


def test_a_day_whose_run_came_before_its_export_gets_the_export() -> None:
    movies = FakeMovies(exports={DAY: EXPORT})
    answer, tables, topics = _swept(at=AT_ONE, missed=LATE, movies=movies)
    assert answer["started"] == 1
    assert topics.bodies(INGEST_REQUESTS) == [
        {"mode": "history_day", "run_date": "2026-03-01", "date": "2026-03-01"}
    ]
    assert tables.appended == {}


@pytest.mark.parametrize(
    ("at", "missed", "movies"),
    [
        # TMDB does not have it yet, or is unavailable.
        (AT_ONE, LATE, FakeMovies()),
        (AT_ONE, LATE, FakeMovies(exports={DAY: EXPORT}, is_away=True)),
        # It is loaded, or a request has planned it.
        (
            AT_ONE,
            LATE | {"is_without_export": False},
            FakeMovies(exports={DAY: EXPORT}),
        ),
        (AT_ONE - timedelta(seconds=1), LATE, FakeMovies(exports={DAY: EXPORT})),
    ],
)
def test_an_export_is_requested_once_it_is_there_and_once_only(
    at: datetime, missed: dict[str, Any], movies: FakeMovies
) -> None:
    answer, tables, topics = _swept(at=at, missed=missed, movies=movies)
    assert answer["started"] == 0
    assert (tables.appended, topics.published) == ({}, [])
