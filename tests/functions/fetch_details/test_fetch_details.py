"""fetch_details: a batch against fakes; what is written when all or some goes wrong."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.fetch_details.main import run
from shared.batches import KnownBatches
from shared.clients import Clients
from shared.errors import BatchIncompleteError, BatchSlowError, CredentialsError
from shared.interfaces import Reply
from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS, MovieBatch
from tests.fakes import FakeMovies, FakeTables, FakeTopics, fake_settings, run_status
from tests.push_requests import delivery_on

DAY = date(2026, 3, 1)
DELIVERY = delivery_on(date(2026, 3, 1), attempt=2)
MAX_ATTEMPTS = 20
LAST_DELIVERY = replace(DELIVERY, attempt=MAX_ATTEMPTS)
BATCH = MovieBatch("daily-2026-03-01", DAY, 1, 1, (13, 680, 42))
DONE_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def _movie(movie_id: int, **fields: Any) -> dict[str, Any]:
    return {"id": movie_id, "title": "A", "popularity": 1.5, "vote_count": 3, **fields}


def _clients(
    movies: FakeMovies,
    *,
    is_done: bool = False,
    status: dict[str, Any] | None = None,
    refused: dict[int, str] | None = None,
    landed: tuple[int, ...] = (),
    not_found_before: tuple[int, ...] = (),
    deadline_s: float = 60,
) -> tuple[Clients, FakeTables, FakeTopics]:
    tables = FakeTables(
        answers={
            "batches_done": [{"batch_no": 1, "done_at": DONE_AT}] if is_done else [],
            "run_status": [status or run_status()],
            "landed": [{"movie_id": n} for n in landed],
            "not_found_before": [{"movie_id": n} for n in not_found_before],
        },
        refused=refused or {},
    )
    topics = FakeTopics()
    ledger = Ledger(tables, "test")
    settings = fake_settings(
        fetch_deadline_s=deadline_s, max_delivery_attempts=MAX_ATTEMPTS
    )
    one_look = KnownBatches(looks_again_s=())
    clients = Clients(movies, tables, ledger, topics, settings, one_look)
    return clients, tables, topics


ALL = FakeMovies({13: _movie(13), 680: _movie(680), 42: _movie(42)})


def test_a_batch_becomes_rows_and_a_marker() -> None:
    clients, tables, _ = _clients(ALL)
    run(BATCH, DELIVERY, clients)
    rows = tables.appended["movie_details_raw"]
    assert [row["movie_id"] for row in rows] == [13, 680, 42]
    assert {(row["run_id"], row["run_date"]) for row in rows} == {
        ("daily-2026-03-01", "2026-03-01")
    }
    [marker] = tables.events("BATCH_DONE")
    assert (marker["expected"], marker["fetched"], marker["written"]) == (3, 3, 3)
    assert (marker["message_id"], marker["delivery_attempt"]) == ("17", 2)


def test_one_bad_movie_does_not_cost_its_batch() -> None:
    movies = FakeMovies(ALL.details | {13: _movie(13, popularity="abc")})
    clients, tables, _ = _clients(movies)
    run(BATCH, DELIVERY, clients)
    assert [r["movie_id"] for r in tables.appended["movie_details_raw"]] == [680, 42]
    [failed] = tables.events("MOVIE_FAILED")
    assert failed["movie_id"] == 13
    assert "popularity" in failed["reason"]
    [marker] = tables.events("BATCH_DONE")
    counts = (marker["fetched"], marker["not_found"], marker["failed"])
    assert counts == (2, 0, 1)


@pytest.mark.parametrize(
    ("not_found_before", "counts"), [((), (2, 0, 1)), ((42, 7), (2, 1, 0))]
)
def test_a_movie_is_gone_when_it_was_not_found_on_an_earlier_day_either(
    not_found_before: tuple[int, ...], counts: tuple[int, int, int]
) -> None:
    movies = FakeMovies({13: _movie(13), 680: _movie(680)})
    clients, tables, _ = _clients(movies, not_found_before=not_found_before)
    run(BATCH, DELIVERY, clients)
    [missing] = tables.events("MOVIE_NOT_FOUND")
    assert missing["movie_id"] == 42
    [marker] = tables.events("BATCH_DONE")
    names = ("fetched", "not_found", "failed")
    assert tuple(marker[name] for name in names) == counts


def test_a_row_that_bigquery_refuses_is_counted_and_named() -> None:
    clients, tables, _ = _clients(ALL, refused={680: "title: too long"})
    run(BATCH, DELIVERY, clients)
    [failed] = tables.events("MOVIE_FAILED")
    assert (failed["movie_id"], failed["reason"]) == (680, "BigQuery: title: too long")
    [marker] = tables.events("BATCH_DONE")
    assert (marker["fetched"], marker["written"], marker["failed"]) == (2, 2, 1)


def test_a_movie_tmdb_cannot_serve_is_recorded() -> None:
    away = Reply(13, failure="HTTP 500", is_outage=True, requests=5)
    movies = FakeMovies(ALL.details, failing={13: away})
    clients, tables, _ = _clients(movies)
    run(BATCH, DELIVERY, clients)
    [marker] = tables.events("BATCH_DONE")
    assert (marker["failed"], marker["tmdb_requests"]) == (1, 7)


FIFTY = MovieBatch("daily-2026-03-01", DAY, 1, 1, tuple(range(1, 51)))
ALL_FIFTY = {movie_id: _movie(movie_id) for movie_id in FIFTY.movie_ids}


def _refuse(movie_id: int) -> Reply:
    return Reply(movie_id, failure="a body that is not JSON")


def _lose(movie_id: int) -> Reply:
    return Reply(movie_id, is_found=False)


def _fail(movie_id: int) -> Reply:
    return Reply(movie_id, failure="HTTP 503", is_outage=True)


def _spoil(movie_id: int) -> Reply:
    return Reply(movie_id, movie={"id": movie_id, "popularity": "abc"})


@pytest.mark.parametrize("reply", [_refuse, _lose, _fail, _spoil])
@pytest.mark.parametrize("missing", [3, 50])
def test_a_batch_of_which_too_much_is_missing_is_handed_back_after_its_rows(
    reply: Callable[[int], Reply], missing: int
) -> None:
    movies = FakeMovies(ALL_FIFTY, failing={i: reply(i) for i in range(1, missing + 1)})
    clients, tables, topics = _clients(movies)
    with pytest.raises(BatchIncompleteError, match=f"{missing} of 50 movies") as caught:
        run(FIFTY, DELIVERY, clients)
    assert caught.value.status == 503
    assert len(tables.appended["movie_details_raw"]) == 50 - missing
    [deferred] = tables.appended["ingestion_log"]
    assert (deferred["event"], deferred["batch_no"]) == ("BATCH_DEFERRED", 1)
    assert f"{missing} of 50 movies" in deferred["reason"]
    assert not topics.published


def test_what_a_person_calls_for_is_not_redelivered_and_so_not_deferred() -> None:
    movies = FakeMovies(ALL_FIFTY, failing={i: _fail(i) for i in range(1, 4)})
    clients, tables, _ = _clients(movies)
    with pytest.raises(BatchIncompleteError):
        run(FIFTY, replace(DELIVERY, is_pushed=False), clients)
    assert "ingestion_log" not in tables.appended


def test_refusals_of_bigquery_count_among_what_is_missing() -> None:
    movies = FakeMovies(ALL_FIFTY, failing={1: _lose(1), 2: _refuse(2)})
    clients, tables, _ = _clients(movies, refused={3: "too long"})
    with pytest.raises(BatchIncompleteError, match="3 of 50"):
        run(FIFTY, DELIVERY, clients)
    assert len(tables.appended["movie_details_raw"]) == 47


@pytest.mark.parametrize(("ids", "missing"), [(50, 2), (500, 20), (3, 1), (2, 1)])
def test_a_few_odd_movies_never_hold_a_batch_up(ids: int, missing: int) -> None:
    batch = replace(FIFTY, movie_ids=tuple(range(1, ids + 1)))
    details = {movie_id: _movie(movie_id) for movie_id in batch.movie_ids}
    failing = {movie_id: _refuse(movie_id) for movie_id in range(1, missing + 1)}
    clients, tables, _ = _clients(FakeMovies(details, failing=failing))
    run(batch, DELIVERY, clients)
    assert len(tables.events("BATCH_DONE")) == 1
    assert len(tables.events("MOVIE_FAILED")) == missing


def test_the_redelivery_of_a_batch_stores_the_rest_and_marks_it() -> None:
    movies = FakeMovies(ALL_FIFTY)
    clients, tables, _ = _clients(movies, landed=tuple(range(4, 51)))
    run(FIFTY, DELIVERY, clients)
    assert movies.requested == [1, 2, 3]
    [marker] = tables.events("BATCH_DONE")
    assert (marker["fetched"], marker["failed"]) == (50, 0)


def test_the_last_delivery_records_what_is_left_and_calls_no_movie_gone() -> None:
    """No movie was found on an earlier day either: the outage is a long one."""
    movies = FakeMovies(failing={movie_id: _lose(movie_id) for movie_id in ALL_FIFTY})
    clients, tables, _ = _clients(movies, not_found_before=FIFTY.movie_ids)
    run(FIFTY, LAST_DELIVERY, clients)
    # Recorded as failed: after an outage's 404, a movie must not count as deleted.
    assert len(tables.events("MOVIE_FAILED")) == 50
    assert not tables.events("MOVIE_NOT_FOUND")
    [marker] = tables.events("BATCH_DONE")
    counts = ("expected", "fetched", "not_found", "failed")
    assert [marker[name] for name in counts] == [50, 0, 0, 50]


@pytest.mark.parametrize(("gone", "is_done"), [(10, True), (11, False)])
def test_movies_known_to_be_gone_hold_no_batch_up(gone: int, *, is_done: bool) -> None:
    """Up to a fifth of a batch; more at once are a long outage."""
    lost = tuple(range(1, gone + 1))
    movies = FakeMovies(
        ALL_FIFTY, failing={movie_id: _lose(movie_id) for movie_id in lost}
    )
    clients, tables, _ = _clients(movies, not_found_before=lost)
    with nullcontext() if is_done else pytest.raises(BatchIncompleteError):
        run(FIFTY, DELIVERY, clients)
    assert len(tables.events("MOVIE_NOT_FOUND")) == (gone if is_done else 0)
    assert len(tables.appended["movie_details_raw"]) == 50 - gone


@pytest.mark.parametrize(("reply", "is_done"), [(_fail(1), 0), (_refuse(1), 1)])
def test_a_batch_of_one_movie_waits_for_tmdb_and_not_for_the_movie(
    reply: Reply, is_done: int
) -> None:
    batch = replace(FIFTY, movie_ids=(1,))
    clients, tables, _ = _clients(FakeMovies(failing={1: reply}))
    with nullcontext() if is_done else pytest.raises(BatchIncompleteError):
        run(batch, DELIVERY, clients)
    assert len(tables.events("BATCH_DONE")) == is_done


def test_without_a_credential_what_was_fetched_before_is_stored() -> None:
    refused = CredentialsError("TMDB refused our credential (401)")
    failing = {
        movie_id: Reply(movie_id, failure=refused.reason, error=refused, requests=0)
        for movie_id in range(26, 51)
    }
    movies = FakeMovies(ALL_FIFTY, failing=failing)
    clients, tables, _ = _clients(movies)
    with pytest.raises(CredentialsError):
        run(FIFTY, LAST_DELIVERY, clients)
    assert len(tables.appended["movie_details_raw"]) == 25
    assert "ingestion_log" not in tables.appended


def test_a_batch_that_is_done_is_not_fetched_again() -> None:
    movies = FakeMovies(ALL.details)
    clients, tables, _ = _clients(movies, is_done=True)
    assert run(BATCH, DELIVERY, clients)["status"] == "already done"
    assert not movies.requested
    assert "movie_details_raw" not in tables.appended


def test_the_last_batch_requests_the_metrics() -> None:
    clients, tables, topics = _clients(ALL)
    run(BATCH, DELIVERY, clients)
    assert topics.bodies(METRICS_REQUESTS) == [
        {"run_id": "daily-2026-03-01", "run_date": "2026-03-01"}
    ]
    assert len(tables.events("METRICS_REQUESTED")) == 1


def test_a_repeated_last_batch_requests_them_if_its_first_delivery_died() -> None:
    clients, _, topics = _clients(ALL, is_done=True)
    run(BATCH, DELIVERY, clients)
    assert len(topics.bodies(METRICS_REQUESTS)) == 1


@pytest.mark.parametrize(
    "status",
    [
        run_status(is_complete=False),
        run_status(is_metrics_requested=True),
    ],
)
def test_other_batches_request_nothing(status: dict[str, Any]) -> None:
    clients, _, topics = _clients(ALL, status=status)
    run(BATCH, DELIVERY, clients)
    assert not topics.published


def test_a_batch_too_slow_keeps_its_rows_and_is_handed_back() -> None:
    ids = tuple(range(1, 61))
    movies = FakeMovies({n: _movie(n) for n in ids})
    batch = MovieBatch("daily-2026-03-01", DAY, 1, 1, ids)
    clients, tables, topics = _clients(movies, deadline_s=0)
    with pytest.raises(BatchSlowError, match="25 of 60 movies") as slow:
        run(batch, DELIVERY, clients)
    assert slow.value.status == 503
    assert len(tables.appended["movie_details_raw"]) == 25
    assert tables.events("BATCH_DONE") == []
    assert topics.published == []


def test_the_last_delivery_of_a_batch_too_slow_records_the_rest() -> None:
    clients, tables, _ = _clients(FakeMovies(ALL_FIFTY), deadline_s=0)
    run(FIFTY, LAST_DELIVERY, clients)
    assert len(tables.appended["movie_details_raw"]) == 25
    failed = tables.events("MOVIE_FAILED")
    assert [event["movie_id"] for event in failed] == list(range(26, 51))
    assert "too long" in failed[0]["reason"]


def test_a_redelivery_fetches_only_what_has_not_landed() -> None:
    movies = FakeMovies({13: _movie(13), 680: _movie(680)})
    clients, tables, _ = _clients(movies, landed=(13, 99), not_found_before=(42,))
    run(BATCH, DELIVERY, clients)
    assert movies.requested == [680, 42]
    [marker] = tables.events("BATCH_DONE")
    counts = ("expected", "fetched", "not_found", "failed", "written")
    # 42 was deleted; 99 is of another batch.
    assert [marker[name] for name in counts] == [3, 2, 1, 0, 2]


def test_odd_fields_are_logged_once_a_batch_and_cost_no_movie(
    caplog: pytest.LogCaptureFixture,
) -> None:
    details = {
        movie_id: movie | {"budget": "63,000,000"}
        for movie_id, movie in ALL_FIFTY.items()
    }
    clients, tables, _ = _clients(FakeMovies(details))
    run(FIFTY, DELIVERY, clients)
    assert len(tables.appended["movie_details_raw"]) == 50
    [odd_field] = [record for record in caplog.records if record.message == "odd_field"]
    assert (odd_field.__dict__["field"], odd_field.__dict__["movies"]) == ("budget", 50)


def _at(moment: str) -> FakeMovies:
    return FakeMovies(ALL.details, moment=datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    "moment", ["2026-03-02T03:00:00Z", "2026-03-06T09:00:00Z", "2026-02-28T23:54:59Z"]
)
def test_a_batch_of_another_day_ends_as_too_late_and_stores_no_votes(
    moment: str,
) -> None:
    movies = _at(moment)
    clients, tables, topics = _clients(movies)
    run(BATCH, DELIVERY, clients)
    assert "movie_details_raw" not in tables.appended
    assert not movies.requested
    [marker] = tables.events("BATCH_DONE")
    counts = ("expected", "fetched", "not_found", "failed", "written")
    assert [marker[name] for name in counts] == [3, 0, 0, 3, 0]
    assert marker["reason"].startswith("too late: ")
    assert [row["reason"] for row in tables.events("MOVIE_FAILED")] == (
        [marker["reason"]] * 3
    )
    # The run can end.
    assert len(topics.bodies(METRICS_REQUESTS)) == 1


def test_the_last_batch_of_a_weekly_run_requests_no_metrics() -> None:
    """It refreshes movies only, and has no complete day."""
    weekly = MovieBatch("weekly-2026-03-01", DAY, 1, 1, (13, 680, 42))
    clients, tables, topics = _clients(ALL)
    run(weekly, DELIVERY, clients)
    assert len(tables.appended["movie_details_raw"]) == 3
    assert len(tables.events("BATCH_DONE")) == 1
    assert topics.published == []


def test_a_batch_too_late_counts_what_landed_on_the_day() -> None:
    clients, tables, _ = _clients(_at("2026-03-06T09:00:00Z"), landed=(13, 99))
    run(BATCH, replace(DELIVERY, attempt=1), clients)
    [marker] = tables.events("BATCH_DONE")
    assert (marker["fetched"], marker["written"], marker["failed"]) == (1, 1, 2)
    failed = [row["movie_id"] for row in tables.events("MOVIE_FAILED")]
    assert failed == [680, 42]


@pytest.mark.parametrize("moment", ["2026-03-01T00:00:00Z", "2026-03-02T02:59:59Z"])
def test_a_batch_that_crosses_midnight_is_stored_with_tmdbs_moment(moment: str) -> None:
    clients, tables, _ = _clients(_at(moment))
    run(BATCH, DELIVERY, clients)
    rows = tables.appended["movie_details_raw"]
    moments = {datetime.fromisoformat(row["answered_at"]) for row in rows}
    assert moments == {datetime.fromisoformat(moment)}
    # By this machine's clock the simulated day is long past.
    assert all(row["fetched_at"] > row["answered_at"] for row in rows)


def test_what_tmdb_answers_after_the_day_within_a_batch_is_not_stored() -> None:
    late = datetime(2026, 3, 2, 3, tzinfo=UTC)
    replies = {680: Reply(680, movie=_movie(680), answered_at=late)}
    clients, tables, _ = _clients(FakeMovies(ALL.details, failing=replies))
    run(BATCH, LAST_DELIVERY, clients)
    stored = [row["movie_id"] for row in tables.appended["movie_details_raw"]]
    assert stored == [13, 42]
    [failed] = tables.events("MOVIE_FAILED")
    assert failed["movie_id"] == 680
    assert "too late" in failed["reason"]
    assert "2026-03-02 03:00" in failed["reason"]
    [marker] = tables.events("BATCH_DONE")
    assert (marker["fetched"], marker["failed"]) == (2, 1)


answers = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", *_movie(1)]), inner, max_size=3)
    ),
    max_leaves=8,
)
tmdb_answers = answers | st.builds(_movie, st.just(13) | answers, title=answers)


@given(bodies=st.tuples(tmdb_answers, tmdb_answers, tmdb_answers))
def test_whatever_tmdb_answers_each_movie_is_stored_or_recorded_as_failed(
    bodies: tuple[Any, ...],
) -> None:
    replies = {
        movie_id: Reply(movie_id, movie=movie)
        for movie_id, movie in zip(BATCH.movie_ids, bodies, strict=True)
    }
    clients, tables, _ = _clients(FakeMovies(failing=replies))
    run(BATCH, LAST_DELIVERY, clients)
    stored = [row["movie_id"] for row in tables.appended["movie_details_raw"]]
    failed = {row["movie_id"]: row["reason"] for row in tables.events("MOVIE_FAILED")}
    assert sorted([*stored, *failed]) == sorted(BATCH.movie_ids)
    assert all(failed.values())
