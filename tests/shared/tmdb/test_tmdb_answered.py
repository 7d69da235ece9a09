"""The time of an answer, by TMDB's Date and Age headers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.tmdb import TmdbSimulator
from shared import clock
from shared.tmdb import Tmdb
from shared.tmdb.answered import answered_at

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        ({"Date": "Sun, 01 Mar 2026 09:00:00 GMT"}, "2026-03-01T09:00:00+00:00"),
        ({"Date": "Sun, 01 Mar 2026 09:00:00 -0000"}, "2026-03-01T09:00:00+00:00"),
        ({"Date": "Sun, 01 Mar 2026 01:00:00 +0200"}, "2026-02-28T23:00:00+00:00"),
        # A cache stored it at 22:00 and returned it 3 hours later.
        (
            {"Date": "Sun, 01 Mar 2026 22:00:00 GMT", "Age": "10800"},
            "2026-03-02T01:00:00+00:00",
        ),
        (
            {"Date": "Sun, 01 Mar 2026 09:00:00 GMT", "Age": "-1"},
            "2026-03-01T09:00:00+00:00",
        ),
        (
            {"Date": "Sun, 01 Mar 2026 09:00:00 GMT", "Age": "1, 2"},
            "2026-03-01T09:00:00+00:00",
        ),
    ],
)
def test_an_answer_is_dated_by_tmdbs_clock_and_a_caches_age(
    headers: dict[str, str], moment: str
) -> None:
    assert answered_at(headers, NOW) == datetime.fromisoformat(moment)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Date": ""},
        {"Date": "yesterday"},
        {"Date": "1772355600"},
        {"Date": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"Date": "Fri, 31 Dec 9999 23:59:59 GMT", "Age": "999999999"},
        {"Date": "Sun, 08 Mar 2026 09:00:00 GMT"},
        {"Date": "Sun, 01 Mar 2026 09:00:00 GMT", "Age": "999999999"},
        {"Age": "60"},
    ],
)
def test_without_a_date_that_can_be_our_own_clock_counts(
    headers: dict[str, str],
) -> None:
    assert answered_at(headers, NOW) == NOW


@given(st.dictionaries(st.sampled_from(["Date", "Age"]), st.text(max_size=40)))
def test_no_header_raises(headers: dict[str, str]) -> None:
    assert answered_at(headers, NOW) <= NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def simulator() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(seed=7, movies=50, today=TODAY) as running:
        yield running


@pytest.fixture
def tmdb(simulator: TmdbSimulator) -> Tmdb:
    urls = simulator.base_url, simulator.exports_url
    return Tmdb(*urls, lambda: simulator.token, rate=1_000, retry_s=5)


def test_every_reply_says_when_tmdb_answered(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    simulator.set_time_of_day(time(22, 30))
    movie_id = tmdb.most_popular(1)[0].movie_id
    for reply in tmdb.movies([movie_id, 999_999_999]):
        assert reply.answered_at is not None
        late = reply.answered_at - datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
        assert timedelta() <= late < timedelta(minutes=5)


def test_tmdbs_clock_says_which_day_it_is(simulator: TmdbSimulator, tmdb: Tmdb) -> None:
    simulator.set_time_of_day(time(9))
    assert tmdb.now().date() == TODAY
    assert tmdb.now() < clock.now() - timedelta(days=1)


def test_an_answer_from_a_cache_counts_when_it_is_given_out(
    simulator: TmdbSimulator, tmdb: Tmdb
) -> None:
    simulator.set_time_of_day(time(1), age_s=21_600)
    try:
        moment = tmdb.now()
    finally:
        simulator.set_time_of_day(time(9))
    assert moment.date() == TODAY
    assert moment.hour == 1
