"""ingest_changes: runs against fakes; what is written, in which order, how often."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.ingest_changes import start_run
from functions.ingest_changes.main import run
from functions.ingest_changes.publishing import publish
from shared.errors import (
    BadMessageError,
    QueueUnavailableError,
    RunBusyError,
    TmdbIncompleteError,
    TmdbUnavailableError,
)
from shared.interfaces import ChangedMovie
from shared.messages import INGEST_REQUESTS, MOVIE_BATCHES, IngestRequest
from shared.runs import Batch, Mode, Run
from tests.fakes import (
    FakeMovies,
    FakeTopics,
    fake_settings,
)
from tests.functions.ingest_changes.fake_clients import (
    DAY,
    DELIVERY,
    EXPORT,
    POPULAR,
    fake_clients,
)


def _stored(batch_no: int, **fields: Any) -> dict[str, Any]:
    return {
        "batch_no": batch_no,
        "batch_count": 2,
        "movie_ids": [batch_no],
        "export_date": None,
        "age_s": 61.0,
        "is_published": False,
        "is_done": False,
        **fields,
    }


def _ids(topics: FakeTopics) -> list[int]:
    return [i for body in topics.bodies(MOVIE_BATCHES) for i in body["movie_ids"]]


def test_an_initial_run_plans_publishes_and_asks_for_history() -> None:
    clients, tables, topics = fake_clients(FakeMovies(popular=POPULAR))
    answer = run(IngestRequest(Mode.INITIAL, limit=60), DELIVERY, clients)
    assert answer == {
        "run_id": "initial-2026-03-01",
        "status": "started",
        "batches": 2,
        "movies": 60,
    }
    assert _ids(topics) == list(range(1, 61))
    assert topics.bodies(INGEST_REQUESTS) == [
        {"mode": "history", "run_date": "2026-03-01"}
    ]
    assert len(tables.loaded["tracked_movies_raw"]) == 60
    assert [row["batch_no"] for row in tables.loaded["batch_plan"]] == [1, 2]
    [planned] = tables.events("RUN_PLANNED")
    assert (planned["expected"], planned["batch_count"]) == (60, 2)


def _open(run_id: str, done: int) -> dict[str, Any]:
    """Return a row of open_runs with this number of 2 batches done."""
    names = ("is_complete", "is_closed", "is_due", "is_metrics_requested")
    return {
        "run_id": run_id,
        "batches_total": 2,
        "batches_done": done,
        "expected": 100,
        "fetched": 50 * done,
        **dict.fromkeys(names, False),
        "metrics_requests": 0,
        "republished": 0,
        "age_s": 30.0,
        "quiet_s": 1.0,
        "requested_s_ago": None,
    }


@pytest.mark.parametrize(
    ("open_runs", "share"),
    [
        ([], 1.0),
        ([_open("daily-2026-03-01", 1)], 0.25),
        ([_open("daily-2026-03-02", 0)], 0.25),
        ([_open("weekly-2026-03-01", 2), _open("daily-2026-02-28", 1)], 0.25),
        # All are fetched, and metrics are due; exports are no requests to the API.
        ([_open("daily-2026-03-01", 2), _open("history-2026-03-01", 0)], 1.0),
    ],
)
def test_an_initial_run_lists_at_the_whole_rate_while_nothing_is_fetched(
    open_runs: list[dict[str, Any]], share: float
) -> None:
    movies = FakeMovies(popular=POPULAR)
    clients, _, _ = fake_clients(movies, open_runs=open_runs)
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert (movies.listed_at, movies.share) == ([share], 0.25)


def test_a_list_that_fails_leaves_the_rate_at_our_share() -> None:
    movies = FakeMovies(is_away=True, moment=DELIVERY.published_at)
    clients, _, _ = fake_clients(movies)
    with (
        pytest.raises(TmdbUnavailableError),
        start_run.alone_at_tmdb(Run(Mode.INITIAL, DAY), clients),
    ):
        clients.tmdb.most_popular(100)
    assert (movies.listed_at, movies.share) == ([1.0], 0.25)


@pytest.mark.parametrize("mode", [Mode.DAILY, Mode.WEEKLY])
def test_who_publishes_batches_lowers_the_rate_before(mode: Mode) -> None:
    movies = FakeMovies(share=1.0)
    clients, _, topics = fake_clients(movies)
    topics.is_away = True
    with pytest.raises(QueueUnavailableError):
        publish(Run(mode, DAY), [Batch(1, 1, (7,))], clients)
    assert movies.share == 0.25


def test_without_a_limit_a_deployments_number_is_tracked() -> None:
    clients, _, topics = fake_clients(FakeMovies(popular=POPULAR))
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert len(_ids(topics)) == 100


def test_a_limit_beyond_discover_is_chosen_from_the_export() -> None:
    yesterday = DAY - timedelta(days=1)
    clients, _, topics = fake_clients(FakeMovies(exports={yesterday: EXPORT}))
    clients = replace(clients, settings=fake_settings(tracked_movies=9_000))
    run(IngestRequest(Mode.INITIAL, limit=9_000), DELIVERY, clients)
    assert len(_ids(topics)) == 120


def test_a_run_date_in_the_message_wins_over_the_publish_time() -> None:
    clients, _, _ = fake_clients(FakeMovies(popular=POPULAR))
    other = IngestRequest(Mode.INITIAL, date(2026, 2, 28))
    assert run(other, DELIVERY, clients)["run_id"] == "initial-2026-02-28"


@pytest.mark.parametrize("mode", [Mode.INITIAL, Mode.DAILY, Mode.WEEKLY])
@pytest.mark.parametrize("day", [date(2026, 2, 27), date(2025, 3, 1), date(2026, 3, 2)])
def test_a_detail_run_of_another_day_is_refused_with_the_remedy(
    mode: Mode, day: date
) -> None:
    movies = FakeMovies(popular=POPULAR, exports={day: EXPORT})
    clients, tables, topics = fake_clients(movies, tracked=[5])
    with pytest.raises(BadMessageError) as caught:
        run(IngestRequest(mode, day), DELIVERY, clients)
    assert caught.value.field == "run_date"
    assert f'{{"mode": "history_day", "date": "{day}"}}' in caught.value.hint
    assert not tables.loaded
    assert not topics.published


def test_the_day_of_a_run_is_tmdbs_and_not_that_of_our_clock() -> None:
    """A tick without a day; the simulated TMDB's days are in the past."""
    movies = FakeMovies(popular=POPULAR, moment=datetime(2026, 1, 9, 9, tzinfo=UTC))
    clients, _, _ = fake_clients(movies)
    with pytest.raises(BadMessageError, match="2026-01-09"):
        run(IngestRequest(Mode.INITIAL), DELIVERY, clients)


def test_a_late_tick_of_a_run_that_has_begun_is_still_harmless() -> None:
    plan = [_stored(1, is_published=True), _stored(2, is_published=True)]
    later = FakeMovies(moment=datetime(2026, 3, 9, 9, tzinfo=UTC))
    clients, _, topics = fake_clients(later, plan=plan)
    answer = run(IngestRequest(Mode.DAILY, DAY), DELIVERY, clients)
    assert answer["status"] == "already started"
    assert not topics.published


def test_a_daily_run_takes_popularity_and_the_top_from_the_export() -> None:
    clients, tables, topics = fake_clients(
        FakeMovies(exports={DAY: EXPORT}), tracked=[120]
    )
    run(IngestRequest(Mode.DAILY, limit=3), DELIVERY, clients)
    assert _ids(topics) == [1, 2, 3, 120]
    rows = {row["movie_id"]: row for row in tables.loaded["movie_popularity_raw"]}
    # The export has all of the deployment's 100 x 5 movies.
    assert len(rows) == 120
    assert (rows[1]["popularity"], rows[120]["popularity"]) == (99.0, -20.0)
    tracked = [movie_id for movie_id, row in rows.items() if row["is_tracked"]]
    assert sorted(tracked) == [1, 2, 3, 120]


def test_without_an_export_the_day_is_not_lost() -> None:
    clients, tables, topics = fake_clients(FakeMovies(popular=POPULAR))
    run(IngestRequest(Mode.DAILY, limit=3), DELIVERY, clients)
    assert _ids(topics) == [1, 2, 3]
    assert "movie_popularity_raw" not in tables.loaded


def test_a_daily_run_reads_the_edits_of_every_day_since_the_last_complete_one() -> None:
    days = [date(2026, 2, 26) + timedelta(days=n) for n in range(3)]
    edits = {
        days[0]: [ChangedMovie(1, is_deleted=False)],
        days[2]: [ChangedMovie(2, is_deleted=True)],
        DAY: [ChangedMovie(3, is_deleted=True)],
    }
    movies = FakeMovies(exports={DAY: EXPORT}, edits=edits)
    clients, tables, topics = fake_clients(movies, last_daily=days[0])
    run(IngestRequest(Mode.DAILY, limit=3), DELIVERY, clients)
    assert _ids(topics) == [1, 3]
    rows = {row["movie_id"]: row for row in tables.loaded["tracked_movies_raw"]}
    assert (rows[1]["changed_on"], rows[1]["is_deleted"]) == ("2026-02-26", False)
    assert (rows[2]["changed_on"], rows[2]["is_deleted"]) == ("2026-02-28", True)
    # The next run reads the edits of the day itself.
    assert rows[3]["changed_on"] is None


@pytest.mark.parametrize(
    ("gap", "edits", "popularity"),
    [(0, 1, 0), (1, 1, 0), (15, 14, 14), (40, 14, 39), (100, 14, 89)],
)
def test_a_daily_run_after_a_gap_catches_up_edits_and_popularity(
    gap: int, edits: int, popularity: int
) -> None:
    requested: list[date] = []

    class Asked(FakeMovies):
        def changes(self, day: date) -> list[ChangedMovie]:
            requested.append(day)
            return []

    last = DAY - timedelta(days=gap) if gap else None
    kept = {DAY - timedelta(days=n): EXPORT for n in range(90)}
    clients, tables, topics = fake_clients(Asked(exports=kept), last_daily=last)
    run(IngestRequest(Mode.DAILY, limit=3), DELIVERY, clients)
    yesterday = DAY - timedelta(days=1)
    assert requested == [yesterday - timedelta(days=n) for n in reversed(range(edits))]
    loaded = [body["date"] for body in topics.bodies(INGEST_REQUESTS)]
    days = [yesterday - timedelta(days=n) for n in reversed(range(popularity))]
    assert loaded == [day.isoformat() for day in days]
    planned = {row["run_id"] for row in tables.loaded["batch_plan"]}
    assert planned == {"daily-2026-03-01"} | (
        {"history-2026-03-01"} if popularity else set()
    )


def _loaded(days_ago: int, *, is_loaded: bool, requests: int) -> dict[str, Any]:
    day = DAY - timedelta(days=days_ago)
    return {"day": day, "is_loaded": is_loaded, "requests": requests}


def test_a_daily_run_requests_the_exports_that_came_after_their_days_run() -> None:
    """Five days: loaded, late and available, late and damaged, missing, loaded."""
    known = [
        _loaded(5, is_loaded=True, requests=0),
        _loaded(3, is_loaded=False, requests=3),
        _loaded(1, is_loaded=True, requests=1),
    ]
    there = {DAY - timedelta(days=n): EXPORT for n in (0, 1, 3, 4, 5)}
    clients, _, topics = fake_clients(
        FakeMovies(exports=there), exports=known, last_daily=DAY - timedelta(days=1)
    )
    run(IngestRequest(Mode.DAILY, limit=3), DELIVERY, clients)
    assert [body["date"] for body in topics.bodies(INGEST_REQUESTS)] == ["2026-02-25"]


def test_a_history_that_a_daily_run_has_planned_is_made_whole() -> None:
    """After a gap, a daily run requests the missed days, an initial run all days."""
    plan = [
        _stored(1, export_date=date(2026, 2, 27), is_published=True),
        _stored(2, export_date=date(2026, 2, 28), is_published=True),
    ]
    loaded = [_loaded(days_ago, is_loaded=True, requests=1) for days_ago in (0, 4, 5)]
    failed = _loaded(6, is_loaded=False, requests=1)
    clients, _, topics = fake_clients(
        FakeMovies(), tracked=[5], plan=plan, exports=[*loaded, failed]
    )
    run(IngestRequest(Mode.HISTORY, DAY), DELIVERY, clients)
    alone = topics.bodies(INGEST_REQUESTS)
    assert len(alone) == 85
    assert all("batch_no" not in body for body in alone)
    assert {"2026-02-27", "2026-02-28"}.isdisjoint(body["date"] for body in alone)


def test_a_weekly_run_retires_and_refreshes_what_no_daily_run_fetches() -> None:
    clients, tables, topics = fake_clients(FakeMovies(), tracked=[5], retired=[9, 11])
    run(IngestRequest(Mode.WEEKLY), DELIVERY, clients)
    assert _ids(topics) == [9, 11]
    assert ("retire", {"to_date": DAY}) in tables.statements()


def test_a_weekly_run_without_a_retired_movie_is_done() -> None:
    clients, tables, topics = fake_clients(FakeMovies(), tracked=[5])
    answer = run(IngestRequest(Mode.WEEKLY), DELIVERY, clients)
    assert (answer["status"], answer["batches"]) == ("no retired movie to refresh", 0)
    [event] = tables.events("NOTHING_TO_DO")
    assert (event["run_id"], event["reason"]) == (answer["run_id"], answer["status"])
    assert ("retire", {"to_date": DAY}) in tables.statements()
    assert not topics.published


@pytest.mark.parametrize(
    ("request_", "run_id"),
    [
        (IngestRequest(Mode.WEEKLY), "weekly-2026-03-01"),
        (IngestRequest(Mode.HISTORY), "history-2026-03-01"),
        (
            IngestRequest(Mode.HISTORY_DAY, export_date=date(2026, 2, 1)),
            "history-2026-03-01-2026-02-01",
        ),
    ],
)
def test_a_tick_before_the_first_load_is_done(
    request_: IngestRequest, run_id: str
) -> None:
    clients, tables, topics = fake_clients(FakeMovies())
    assert run(request_, DELIVERY, clients) == {
        "run_id": run_id,
        "status": "nothing is tracked yet",
        "batches": 0,
        "movies": 0,
    }
    [event] = tables.events("NOTHING_TO_DO")
    assert (event["run_id"], event["reason"]) == (run_id, "nothing is tracked yet")
    assert not tables.loaded
    assert not topics.published


@pytest.mark.parametrize("mode", [Mode.INITIAL, Mode.DAILY])
def test_more_movies_than_a_deployment_tracks_are_refused_with_the_remedy(
    mode: Mode,
) -> None:
    clients, tables, topics = fake_clients(FakeMovies(popular=POPULAR))
    with pytest.raises(BadMessageError) as caught:
        run(IngestRequest(mode, limit=101), DELIVERY, clients)
    assert caught.value.field == "limit"
    assert "tracks 100 movies" in caught.value.reason
    assert "raise tracked_movies" in caught.value.hint
    assert not tables.loaded
    assert not topics.published


def test_an_empty_tmdb_starts_nothing() -> None:
    clients, tables, _ = fake_clients(FakeMovies())
    with pytest.raises(TmdbIncompleteError):
        run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert not tables.loaded


def test_when_tmdb_is_away_nothing_is_half_done() -> None:
    clients, tables, topics = fake_clients(FakeMovies(is_away=True), tracked=[5])
    for mode in (Mode.INITIAL, Mode.DAILY):
        with pytest.raises(TmdbUnavailableError):
            run(IngestRequest(mode), DELIVERY, clients)
    assert not tables.loaded
    assert not topics.published


def test_a_second_tick_of_a_published_run_does_no_work() -> None:
    plan = [_stored(1, is_published=True), _stored(2, is_published=True)]
    clients, tables, topics = fake_clients(FakeMovies(is_away=True), plan=plan)
    assert run(IngestRequest(Mode.DAILY), DELIVERY, clients) == {
        "run_id": "daily-2026-03-01",
        "status": "already started",
        "batches": 2,
        "movies": 2,
    }
    assert not topics.published
    assert not tables.loaded


def test_a_young_unpublished_plan_is_left_to_its_planner() -> None:
    clients, _, topics = fake_clients(FakeMovies(), plan=[_stored(1, age_s=5.0)])
    with pytest.raises(RunBusyError):
        run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    assert not topics.published


def test_an_old_unpublished_plan_is_finished_without_the_batches_done() -> None:
    plan = [_stored(1, is_done=True), _stored(2)]
    clients, tables, topics = fake_clients(FakeMovies(), plan=plan)
    answer = run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    assert answer["status"] == "resumed"
    assert _ids(topics) == [2]
    assert len(tables.events("RUN_PLANNED")) == 1


def test_whoever_comes_second_publishes_nothing() -> None:
    clients, tables, topics = fake_clients(FakeMovies(popular=POPULAR))
    tables.jobs.add("plan_initial-2026-03-01")
    with pytest.raises(RunBusyError):
        run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert not topics.published


def test_a_run_that_could_not_be_published_is_not_called_planned() -> None:
    clients, tables, topics = fake_clients(FakeMovies(popular=POPULAR))
    topics.is_away = True
    with pytest.raises(QueueUnavailableError):
        run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert tables.loaded["batch_plan"]
    assert not tables.events("RUN_PLANNED")
