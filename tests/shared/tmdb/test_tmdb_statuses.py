"""The meaning of each answer, and what the client does with it."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.tmdb import SIMULATED_TOKEN
from shared import clock
from shared.errors import CredentialsError, TmdbUnavailableError
from shared.interfaces import Reply
from shared.tmdb import Tmdb
from shared.tmdb.rate_limit import retry_after_s
from shared.tmdb.statuses import Verdict, verdict
from tests.answering import Answering, answering, http

MOVIE = json.dumps({"id": 13, "title": "A"}).encode()
# Without a time, so that tests have the same names in all processes.
PACKED = gzip.compress(MOVIE, mtime=0)
PACKED_TWICE = gzip.compress(PACKED, mtime=0)
HTML = b"<html>Attention required!</html>"
KEY = json.dumps({"status_code": 7, "status_message": "Invalid API key"}).encode()
OTHER_TOKEN = "another.read.token"  # noqa: S105 - no secret


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    with answering(lambda _: http(200, MOVIE)) as running:
        yield running


def _client(server: Answering, *secrets: str, retry_s: float = 5) -> Tmdb:
    """Return a client whose secret has these values in turn."""
    left = list(secrets or [SIMULATED_TOKEN])
    return Tmdb(
        f"{server.url}/3",
        f"{server.url}/exports",
        lambda: left.pop(0) if len(left) > 1 else left[0],
        rate=10_000,
        retry_s=retry_s,
        sleep=lambda _: None,
    )


def _reply(server: Answering, *answers: bytes, retry_s: float = 5) -> Reply:
    """Return the reply for movie 13; the last answer is repeated."""
    left = list(answers)
    server.answer = lambda _: left.pop(0) if len(left) > 1 else left[0]
    [reply] = _client(server, retry_s=retry_s).movies([13])
    return reply


@pytest.mark.parametrize(
    ("status", "code", "judged"),
    [
        (200, None, Verdict.FOUND),
        (404, 34, Verdict.NOT_FOUND),
        (404, 6, Verdict.NOT_FOUND),
        (404, None, Verdict.RETRIED),
        (401, 7, Verdict.CREDENTIAL),
        (401, None, Verdict.RETRIED),
        (403, 10, Verdict.CREDENTIAL),
        (403, 38, Verdict.REFUSED),
        (403, None, Verdict.RETRIED),
        (408, None, Verdict.RETRIED),
        (425, None, Verdict.RETRIED),
        (429, 25, Verdict.RETRIED),
        (499, None, Verdict.RETRIED),
        (500, 11, Verdict.RETRIED),
        (501, None, Verdict.RETRIED),
        (520, None, Verdict.RETRIED),
        (529, None, Verdict.RETRIED),
        (599, None, Verdict.RETRIED),
        (301, None, Verdict.REFUSED),
        (400, 22, Verdict.REFUSED),
        (418, None, Verdict.REFUSED),
    ],
)
def test_a_status_and_tmdbs_code_have_one_verdict(
    status: int, code: int | None, judged: Verdict
) -> None:
    assert verdict(status, code) is judged


@pytest.mark.parametrize("status", [408, 425, 429, 499, 501, 520, 522, 524, 529, 599])
def test_a_transient_status_is_retried_until_it_has_passed(
    server: Answering, status: int
) -> None:
    reply = _reply(server, http(status), http(status, HTML), http(200, MOVIE))
    assert (reply.failure, reply.requests) == (None, 3)
    assert reply.movie == {"id": 13, "title": "A"}


def test_a_permanent_status_is_not_retried(server: Answering) -> None:
    reply = _reply(server, http(418))
    assert (reply.requests, reply.is_outage) == (1, True)
    assert "418" in str(reply.failure)


@pytest.mark.parametrize("retry_after", ["Wed, 21 Oct 2026 07:28:00", "nan", "-5", "²"])
def test_an_unreadable_retry_after_costs_no_movie(
    server: Answering, retry_after: str
) -> None:
    throttled = http(429, headers={"Retry-After": retry_after})
    reply = _reply(server, throttled, http(200, MOVIE))
    assert (reply.failure, reply.throttled) == (None, 1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("3", 3),
        (" 2.5 ", 2.5),
        ("0", 0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("1_0", None),
        ("999999999", None),
        ("Wed, 21 Oct 2026 07:28:00", None),
        ("Wed, 21 Oct 2026 07:28:00 -0000", None),
        ("Wed, 21 Oct 9999 07:28:00 GMT", None),
        ("Wed, 21 Oct 0001 07:28:00 +2359", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert retry_after_s(header) == seconds


def test_retry_after_may_be_a_date() -> None:
    until = format_datetime(clock.now() + timedelta(seconds=30), usegmt=True)
    assert retry_after_s(until) == pytest.approx(30, abs=2)


@given(st.text(max_size=60) | st.datetimes().map(format_datetime))
def test_any_retry_after_is_a_bearable_time_or_nothing(header: str) -> None:
    seconds = retry_after_s(header)
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (PACKED, {}),
        (PACKED, {"Content-Encoding": "gzip"}),
        (PACKED_TWICE, {"Content-Encoding": "gzip"}),
    ],
)
def test_a_body_that_begins_as_gzip_is_unpacked(
    server: Answering, body: bytes, headers: dict[str, str]
) -> None:
    reply = _reply(server, http(200, body, headers))
    assert (reply.movie, reply.requests) == ({"id": 13, "title": "A"}, 1)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b"{}",
        b"[]",
        b'{"id": 14}',
        MOVIE[:-4],
        b"[" * 100_000,
        PACKED[:-9],
        b"\x1f\x8b and no gzip",
        gzip.compress(b" " * 40_000_000, mtime=0),
    ],
)
def test_a_200_without_the_movie_is_retried_and_is_no_outage(
    server: Answering, body: bytes
) -> None:
    assert _reply(server, http(200, body), http(200, MOVIE)).movie
    reply = _reply(server, http(200, body))
    assert (reply.is_found, reply.is_outage, reply.requests) == (True, False, 5)
    assert "200" in str(reply.failure)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_page_of_html_says_nothing_about_credential_or_movie(
    server: Answering, status: int
) -> None:
    reply = _reply(server, http(status, HTML), http(200, MOVIE))
    assert (reply.failure, reply.requests) == (None, 2)
    reply = _reply(server, http(status, HTML), retry_s=0.05)
    assert (reply.is_found, reply.is_outage, reply.error) == (True, True, None)


def test_a_credential_refused_for_a_moment_is_taken_the_next_time(
    server: Answering,
) -> None:
    reply = _reply(server, http(401, KEY), http(401, KEY), http(200, MOVIE))
    assert (reply.failure, reply.error, reply.requests) == (None, None, 3)


def test_a_credential_refused_again_and_again_is_an_error_of_every_reply(
    server: Answering,
) -> None:
    server.answer = lambda _: http(401, KEY)
    replies = _client(server).movies(range(1, 30))
    assert {type(reply.error) for reply in replies} == {CredentialsError}
    with pytest.raises(CredentialsError):
        _client(server, retry_s=0.001).most_popular(1)


def test_what_is_answered_in_time_is_kept_and_the_rest_is_an_outage(
    server: Answering,
) -> None:
    slow = threading.Event()

    def answer(head: str) -> bytes:
        movie_id = int(head.split()[1].rpartition("/")[2])
        if movie_id > 20:
            slow.wait(10)
        return http(200, json.dumps({"id": movie_id}).encode())

    server.answer = answer
    tmdb = Tmdb(
        server.url, "", lambda: SIMULATED_TOKEN, rate=1e4, retry_s=5, chunk_s=1.5
    )
    replies = tmdb.movies(range(1, 26))
    slow.set()
    assert [reply.movie_id for reply in replies if reply.movie] == list(range(1, 21))
    late = replies[20:]
    assert all(
        reply.is_outage and "not answered" in str(reply.failure) for reply in late
    )


def _only(token: str, head: str) -> bytes:
    movie_id = head.split()[1].rpartition("/")[2]
    body = json.dumps({"id": int(movie_id)}).encode()
    return http(200, body) if f"Bearer {token}" in head else http(401, KEY)


def test_a_warm_instance_finds_a_rotated_token_within_the_delivery(
    server: Answering,
) -> None:
    server.answer = lambda head: _only(SIMULATED_TOKEN, head)
    tmdb = _client(server, SIMULATED_TOKEN, OTHER_TOKEN)
    assert tmdb.movies([13])[0].movie
    server.answer = lambda head: _only(OTHER_TOKEN, head)
    replies = tmdb.movies(range(1, 40))
    assert [reply.failure for reply in replies] == [None] * 39


def test_a_token_that_comes_after_a_refusal_is_read_by_the_next_delivery(
    server: Answering,
) -> None:
    secrets = {"now": SIMULATED_TOKEN}
    server.answer = lambda head: _only(OTHER_TOKEN, head)
    tmdb = Tmdb(
        server.url,
        "",
        lambda: secrets["now"],
        rate=1e4,
        retry_s=5,
        sleep=lambda _: None,
    )
    assert isinstance(tmdb.movies([13])[0].error, CredentialsError)
    secrets["now"] = OTHER_TOKEN
    assert tmdb.movies([13])[0].movie


def test_ten_threads_that_are_refused_together_read_the_secret_once(
    server: Answering,
) -> None:
    reads: list[float] = []
    together = threading.Barrier(10)

    def refuse(head: str) -> bytes:
        if f"Bearer {OTHER_TOKEN}" not in head:
            together.wait(5)
        return _only(OTHER_TOKEN, head)

    def read_secret() -> str:
        reads.append(time.monotonic())
        return SIMULATED_TOKEN if len(reads) == 1 else OTHER_TOKEN

    server.answer = refuse
    tmdb = Tmdb(server.url, "", read_secret, rate=1e4, retry_s=5, sleep=lambda _: None)
    assert all(reply.movie for reply in tmdb.movies(range(1, 11)))
    assert len(reads) == 2


latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("id"), inner),
    max_leaves=5,
)
bodies = st.one_of(
    st.binary(),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.binary().map(gzip.compress),
    st.sampled_from([MOVIE, KEY, HTML, PACKED, b""]),
)
headers = st.dictionaries(
    st.sampled_from(
        [
            "Retry-After",
            "Content-Encoding",
            "Content-Type",
            "Location",
            "Date",
            "Set-Cookie",
            "Transfer-Encoding",
            "Content-Range",
        ]
    ),
    st.one_of(
        latin,
        st.sampled_from(["gzip", "br", "zstd", "deflate", "chunked", "http://[", "//"]),
        st.datetimes().map(format_datetime),
    ),
    max_size=3,
)


statuses = st.sampled_from([200, 401, 403, 404, 429, 503]) | st.integers(200, 599)


@given(status=statuses, body=bodies, sent=headers)
def test_no_header_and_no_body_raises_past_the_client(
    server: Answering, status: int, body: bytes, sent: dict[str, Any]
) -> None:
    reply = _reply(server, http(status, body, sent), retry_s=0.02)
    assert reply.movie or reply.failure or not reply.is_found
    with suppress(TmdbUnavailableError, CredentialsError):
        _client(server, retry_s=0.02).most_popular(1)
