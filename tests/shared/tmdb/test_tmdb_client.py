"""The TMDB client with the simulator: limits, faults, pages, exports."""

import logging
from collections.abc import Callable, Iterator
from datetime import date, time, timedelta
from functools import partial
from time import monotonic
from typing import Any

import pytest
import requests

from emulators.tmdb import (
    SIMULATED_API_KEY,
    SIMULATED_TOKEN,
    Faults,
    TmdbSimulator,
)
from shared.errors import CredentialsError, TmdbIncompleteError, TmdbUnavailableError
from shared.interfaces import ExportRow
from shared.tmdb import ExportDamagedError, ExportMissingError, ExportNotYetError, Tmdb
from shared.tmdb.client import MOST_CONNECTIONS

TODAY = date(2026, 3, 1)

type Connect = Callable[..., Tmdb]


@pytest.fixture(scope="module")
def simulator() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(seed=7, movies=2_500, today=TODAY) as running:
        yield running


@pytest.fixture(autouse=True)
def _healthy(simulator: TmdbSimulator) -> Iterator[None]:
    yield
    simulator.set_faults(Faults())
    simulator.set_rate_limit(0)
    simulator.set_today(TODAY)
    simulator.set_time_of_day(time(9))
    simulator.reset_stats()


def _connect(
    simulator: TmdbSimulator,
    secret: str = SIMULATED_TOKEN,
    rate: float = 1_000,
    retry_s: float = 5,
) -> Tmdb:
    return Tmdb(
        simulator.base_url,
        simulator.exports_url,
        lambda: secret,
        rate=rate,
        retry_s=retry_s,
    )


@pytest.fixture
def connect(simulator: TmdbSimulator) -> Connect:
    return partial(_connect, simulator)


@pytest.fixture
def tmdb(connect: Connect) -> Tmdb:
    return connect()


@pytest.fixture(scope="module")
def some_ids(simulator: TmdbSimulator) -> list[int]:
    return [movie.movie_id for movie in _connect(simulator).most_popular(100)]


def _fold(rows: Iterator[ExportRow]) -> dict[int, float | None]:
    return {row.movie_id: row.popularity for row in rows}


def test_details_come_in_the_order_of_the_ids(tmdb: Tmdb, some_ids: list[int]) -> None:
    replies = tmdb.movies([*some_ids, 999_999_999])
    assert [reply.movie_id for reply in replies] == [*some_ids, 999_999_999]
    for reply in replies[:-1]:
        assert isinstance(reply.movie, dict)
        assert reply.movie["id"] == reply.movie_id


def test_a_missing_movie_is_reported_at_once_and_never_retried(tmdb: Tmdb) -> None:
    [reply] = tmdb.movies([999_999_999])
    assert (reply.is_found, reply.failure, reply.requests) == (False, None, 1)


@pytest.mark.parametrize("secret", [SIMULATED_TOKEN, SIMULATED_API_KEY])
def test_both_kinds_of_credential_open_tmdb(
    connect: Connect, secret: str, some_ids: list[int]
) -> None:
    assert connect(secret).movies(some_ids[:1])[0].is_found


@pytest.mark.parametrize("secret", ["f" * 32, "eyJh.eyJz.wrong", "", "not a key"])
def test_a_wrong_credential_is_named_without_being_shown(
    connect: Connect, secret: str, some_ids: list[int]
) -> None:
    [reply] = connect(secret).movies(some_ids[:1])
    assert isinstance(reply.error, CredentialsError)
    assert reply.error.field == "TMDB_TOKEN_SECRET"
    assert not secret or secret not in str(reply.error.to_json())


def test_a_rotated_secret_is_read_again_after_a_refusal(
    simulator: TmdbSimulator, some_ids: list[int]
) -> None:
    secrets = iter(["f" * 32, SIMULATED_TOKEN])
    tmdb = Tmdb(
        simulator.base_url,
        simulator.exports_url,
        lambda: next(secrets),
        rate=1_000,
        retry_s=5,
    )
    assert tmdb.movies(some_ids[:1])[0].movie


@pytest.mark.parametrize("secret", [SIMULATED_TOKEN, SIMULATED_API_KEY])
def test_no_error_and_no_log_line_holds_the_credential(
    secret: str, caplog: pytest.LogCaptureFixture
) -> None:
    tmdb = Tmdb("http://127.0.0.1:1/3", "x", lambda: secret, rate=1_000, retry_s=0.1)
    with caplog.at_level(logging.DEBUG):
        [reply] = tmdb.movies([13])
        with pytest.raises(TmdbUnavailableError) as caught:
            tmdb.most_popular(1)
    output = str(reply) + str(caught.value.to_json()) + caplog.text
    chain: BaseException | None = caught.value
    while chain:
        output += repr(chain)
        chain = chain.__cause__ or (
            None if chain.__suppress_context__ else chain.__context__
        )
    assert secret not in output
    assert "/discover/movie" in output


@pytest.mark.parametrize(
    "faults",
    [
        Faults(fail_503_share=0.2),
        Faults(fail_500_share=0.2),
        Faults(reset_share=0.2),
        Faults(truncated_share=0.1),
        Faults(unannounced_gzip=True),
        Faults(bare_gzip_share=0.33),
        Faults(html_share=0.2),
        Faults(empty_object_share=0.2),
        Faults(empty_share=0.2),
        Faults(forbidden_share=0.2),
        Faults(unauthorized_share=0.2),
        Faults(odd_status_share=0.2, odd_status=520),
        Faults(odd_status_share=0.2, odd_status=408),
    ],
)
def test_passing_faults_cost_no_movie(
    simulator: TmdbSimulator, tmdb: Tmdb, some_ids: list[int], faults: Faults
) -> None:
    simulator.set_faults(faults)
    replies = tmdb.movies(some_ids)
    assert all(isinstance(reply.movie, dict) for reply in replies)


def test_an_outage_shorter_than_the_patience_costs_no_movie(
    simulator: TmdbSimulator, connect: Connect, some_ids: list[int]
) -> None:
    simulator.set_faults(Faults(outage_start_s=0, outage_s=2))
    replies = connect(retry_s=10).movies(some_ids)
    assert all(reply.failure is None for reply in replies)
    assert sum(reply.requests for reply in replies) > len(some_ids)


def test_an_outage_longer_than_the_patience_is_called_one(
    simulator: TmdbSimulator, connect: Connect, some_ids: list[int]
) -> None:
    simulator.set_faults(Faults(outage_start_s=0, outage_s=60))
    replies = connect(retry_s=0.5).movies(some_ids[:5])
    assert all(reply.failure and reply.is_outage for reply in replies)


def test_a_storm_of_429_is_waited_out(
    simulator: TmdbSimulator, connect: Connect, some_ids: list[int]
) -> None:
    simulator.set_faults(Faults(storm_429_start_s=0, storm_429_s=1.5))
    replies = connect(retry_s=20).movies(some_ids)
    assert all(reply.failure is None for reply in replies)
    throttled = sum(reply.throttled for reply in replies)
    # The first 429 pauses all threads; otherwise each of 100 would get one.
    assert 0 < throttled < 50


def test_at_its_polite_rate_the_client_provokes_no_429(
    simulator: TmdbSimulator, connect: Connect, some_ids: list[int]
) -> None:
    simulator.set_rate_limit(40)
    connect(rate=30).movies(some_ids)
    assert simulator.stats()["throttled"] == 0


def test_a_movie_tmdb_cannot_serve_does_not_cost_the_others(
    simulator: TmdbSimulator, connect: Connect, some_ids: list[int]
) -> None:
    poison = some_ids[3]
    simulator.set_faults(Faults(poison_movies=(poison,)))
    replies = connect(retry_s=1).movies(some_ids[:10])
    assert [r.movie_id for r in replies if r.failure] == [poison]


@pytest.mark.parametrize("kind", ["truncated_json", "html"])
def test_an_answer_that_is_no_json_is_no_outage(
    simulator: TmdbSimulator, tmdb: Tmdb, some_ids: list[int], kind: Any
) -> None:
    simulator.set_faults(Faults(malformed_movies={some_ids[0]: kind}))
    [reply] = tmdb.movies(some_ids[:1])
    assert reply.failure
    assert "not JSON" in reply.failure
    assert (reply.is_outage, reply.requests) == (False, 5)


def test_the_most_popular_are_found_behind_tmdbs_stale_pages(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    exported = tmdb.export(TODAY, lambda rows: [r for r in rows if r.is_feature])
    exported.sort(key=lambda row: (-(row.popularity or 0), row.movie_id))
    true_top = {row.movie_id for row in exported[:500]}
    listed = tmdb.most_popular(500)
    ids = {movie.movie_id for movie in listed}
    naive = {
        item["id"]
        for page in range(1, 26)
        for item in requests.get(
            f"{simulator.base_url}/discover/movie",
            params={"page": page},
            headers={"Authorization": f"Bearer {SIMULATED_TOKEN}"},
            timeout=5,
        ).json()["results"]
    }
    assert len(ids) == 500 > len(naive)
    assert len(true_top & ids) > len(true_top & naive)
    popularity = [movie.popularity for movie in listed]
    assert popularity == sorted(popularity, reverse=True)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(short_pages=(1, 2, 3), short_page_rows=3),
        Faults(empty_pages=(2,)),
        Faults(repeated_pages=(2, 3)),
    ],
)
def test_a_short_an_empty_and_a_repeated_page_end_nothing(
    simulator: TmdbSimulator, tmdb: Tmdb, faults: Faults
) -> None:
    simulator.set_faults(faults)
    assert len({movie.movie_id for movie in tmdb.most_popular(100)}) == 100


def test_a_list_that_stays_short_is_an_error_not_an_answer(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    simulator.set_faults(Faults(empty_pages=tuple(range(2, 501))))
    with pytest.raises(TmdbIncompleteError, match="20 different movies of 100"):
        tmdb.most_popular(100)


def test_all_of_a_small_catalogue_is_listed() -> None:
    with TmdbSimulator(movies=60, today=TODAY, list_quirks=False) as small:
        listed = _connect(small).most_popular(1_000)
    assert 50 < len(listed) <= 60


@pytest.mark.parametrize(
    "ask",
    [
        lambda tmdb: tmdb.most_popular(300),
        lambda tmdb: tmdb.changes(TODAY - timedelta(days=1)),
    ],
    ids=["discover", "changes"],
)
def test_pages_are_read_at_once(ask: Callable[[Tmdb], object]) -> None:
    with TmdbSimulator(movies=6_000, today=TODAY, latency_ms=100) as slow:
        ask(_connect(slow))
        most = slow.stats()["connections_max"]
    assert isinstance(most, int)
    assert 1 < most <= MOST_CONNECTIONS


def test_a_smaller_share_of_the_rate_is_kept(simulator: TmdbSimulator) -> None:
    tmdb = _connect(simulator, rate=100)
    tmdb.pace(0.1)
    began = monotonic()
    tmdb.movies(range(1, 12))
    # The first is sent at once, the other ten at ten a second; at the full rate 0.1 s.
    assert monotonic() - began >= 1.0


def test_changes_are_read_to_the_last_page_and_counted(
    simulator: TmdbSimulator, tmdb: Tmdb, caplog: pytest.LogCaptureFixture
) -> None:
    yesterday = TODAY - timedelta(days=1)
    whole = tmdb.changes(yesterday)
    assert len(whole) > 100
    simulator.set_faults(Faults(short_pages=(1,), short_page_rows=60))
    assert len(tmdb.changes(yesterday)) == len(whole) - 40
    assert "changes_incomplete" in caplog.messages


def test_a_movie_deleted_since_its_edit_is_marked(tmdb: Tmdb) -> None:
    edits = [
        edit
        for days in range(30, 60)
        for edit in tmdb.changes(TODAY - timedelta(days=days))
    ]
    assert 0 < sum(edit.is_deleted for edit in edits) < 0.2 * len(edits)


def test_an_export_holds_every_movie(tmdb: Tmdb) -> None:
    popularity = tmdb.export(TODAY, _fold)
    assert len(popularity) > 2_000


def test_a_day_without_an_export_is_called_so_where_other_days_have_one(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    days = [TODAY - timedelta(days=ago) for ago in (2, 3, 60, 200)]
    simulator.set_faults(Faults(missing_exports=tuple(days)))
    for day in days:
        with pytest.raises(ExportMissingError, match=str(day)) as caught:
            tmdb.export(day, _fold)
        assert not isinstance(caught.value, ExportNotYetError)


@pytest.mark.parametrize(
    ("days_ago", "clock", "is_due"),
    [
        (0, time(7), False),
        (0, time(23), False),
        (-1, time(9), False),
        (1, time(7, 59), False),
        (1, time(8, 1), True),
    ],
)
def test_an_export_that_is_not_there_before_it_is_due_is_no_verdict(
    simulator: TmdbSimulator,
    tmdb: Tmdb,
    days_ago: int,
    clock: time,
    is_due: bool,  # noqa: FBT001
) -> None:
    day = TODAY - timedelta(days=days_ago)
    simulator.set_time_of_day(clock)
    simulator.set_faults(Faults(missing_exports=(day,)))
    with pytest.raises(ExportMissingError) as caught:
        tmdb.export(day, _fold)
    assert isinstance(caught.value, ExportNotYetError) is not is_due


@pytest.mark.parametrize(
    "faults",
    [
        Faults(forbidden_exports=True),
        Faults(
            missing_exports=tuple(TODAY - timedelta(days=ago) for ago in range(100))
        ),
    ],
)
def test_many_days_without_an_export_are_an_outage_and_no_verdict_on_any(
    simulator: TmdbSimulator, tmdb: Tmdb, faults: Faults
) -> None:
    simulator.set_faults(faults)
    for ago in (2, 3, 30, 89):
        with pytest.raises(ExportNotYetError, match="no other day") as caught:
            tmdb.export(TODAY - timedelta(days=ago), _fold)
        assert caught.value.is_outage


def test_whether_an_export_exists_is_known_without_reading_it(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    missing = TODAY - timedelta(days=2)
    simulator.set_faults(Faults(missing_exports=(missing,), truncated_exports=(TODAY,)))
    assert tmdb.has_export(TODAY)
    assert not tmdb.has_export(missing)
    assert not tmdb.has_export(TODAY - timedelta(days=200))
    simulator.set_faults(Faults(forbidden_exports=True))
    assert not tmdb.has_export(TODAY)
    simulator.set_faults(Faults(outage_s=600.0))
    with pytest.raises(TmdbUnavailableError):
        tmdb.has_export(TODAY)


@pytest.mark.parametrize(
    "faults", [Faults(truncated_exports=(TODAY,)), Faults(corrupt_exports=(TODAY,))]
)
def test_a_damaged_export_is_refused_whole(
    simulator: TmdbSimulator, tmdb: Tmdb, faults: Faults
) -> None:
    simulator.set_faults(faults)
    seen: list[int] = []

    def fold(rows: Iterator[ExportRow]) -> int:
        seen.extend(row.movie_id for row in rows)
        return len(seen)

    with pytest.raises(ExportDamagedError, match=r"03_01_2026|2026-03-01"):
        tmdb.export(TODAY, fold)


def test_an_export_is_read_to_its_end_even_if_the_fold_is_not(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    simulator.set_faults(Faults(truncated_exports=(TODAY,)))
    with pytest.raises(ExportDamagedError):
        tmdb.export(TODAY, next)


def test_an_export_whose_connection_breaks_is_read_again(
    simulator: TmdbSimulator, connect: Connect
) -> None:
    simulator.set_faults(Faults(fail_503_share=0.5))
    assert len(connect(retry_s=20).export(TODAY, _fold)) > 2_000
