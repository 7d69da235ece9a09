"""The client: one Tmdb per process, over HTTP, with every retry in it.

Its threads share a token bucket, so that the process keeps one polite rate whatever
runs in parallel. The credential travels in a header (or, where the secret is a v3 key,
as TMDB wants it, in the query) and stays out of every error and log line: those name
the path only.
"""

import gzip
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import requests
import urllib3
from requests.auth import AuthBase
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_delay,
    wait_random_exponential,
)

from shared import secretmanager
from shared.clock import now
from shared.config import Platform, Settings
from shared.deadlines import CHUNK_S
from shared.errors import PipelineError, TmdbUnavailableError
from shared.interfaces import ChangedMovie, ExportRow, ListedMovie, Reply
from shared.tmdb import pages
from shared.tmdb.answered import answered_at
from shared.tmdb.auth import Credential, bad_credential
from shared.tmdb.bodies import UnreadableError, read_json
from shared.tmdb.exports import (
    ExportDamagedError,
    ExportMissingError,
    ExportNotYetError,
    is_due,
    other_days,
    read_lines,
)
from shared.tmdb.rate_limit import LONGEST_PAUSE_S, TokenBucket, retry_after_s
from shared.tmdb.statuses import Verdict, error_code, verdict

THREADS = 10
"""Connections at once: 30 requests/s up to 333 ms latency; TMDB allows 20 per IP."""
TIMEOUT_S = (3.05, 20.0)
"""Connect, read."""
UNREADABLE_TRIES = 5
"""A 200 without what was asked for is tried so often. Where a third of all answers is
spoilt, one movie of 250 is lost; a movie that TMDB cannot tell costs about 2 s."""
REFUSAL_PAUSES_S = (0.5, 1.0, 2.0)
"""After a 401 with the credential that the secret still holds: an answer may be wrong
for seconds. One more, and the credential is."""


def connect(settings: Settings, platform: Platform) -> "Tmdb":
    """Open TMDB as configured; the credential is read when first needed."""
    return Tmdb(
        settings.tmdb_base_url,
        settings.tmdb_exports_url,
        lambda: secretmanager.read(
            settings.tmdb_token_secret, platform.secretmanager_emulator
        ),
        rate=settings.tmdb_requests_per_second,
        retry_s=settings.tmdb_retry_s,
    )


class _Retried(Exception):  # noqa: N818 - never leaves this module
    """An answer worth asking again; `pause_s` as TMDB asked, None when it did not."""

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class _Refused(_Retried):
    """A refused credential: retried by count, however short the time for retries.

    Nothing else tells a credential that is wrong from an answer that was.
    """


@dataclass(slots=True)
class _Tally:
    """What became of one question, asked as often as it was."""

    requests: int = 0
    throttled: int = 0
    unreadable: int = 0
    refused: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """One answer; `body` is None where it is no JSON, `unreadable` then says why."""

    status: int
    pause_s: float | None
    sent_at: float
    body: object = None
    unreadable: str = ""


class Tmdb:
    """TMDB's API and file server, at one polite rate.

    read_secret: returns the credential; asked when first needed, and again after TMDB
    refused the one we had, so that a rotated secret needs no redeploy.
    rate: requests per second of this process. retry_s: how long one request is tried
    again. chunk_s: how long movies asked for together are waited for. `sleep` is
    for tests.
    """

    def __init__(
        self,
        base_url: str,
        exports_url: str,
        read_secret: Callable[[], str],
        *,
        rate: float,
        retry_s: float,
        chunk_s: float = CHUNK_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._exports_url = exports_url.rstrip("/")
        self._credential = Credential(read_secret)
        self._bucket = TokenBucket(rate, sleep=sleep)
        self._retry_s = retry_s
        self._chunk_s = chunk_s
        self._sleep = sleep
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tmdb")

    def now(self) -> datetime:
        """Return this moment by TMDB's clock: one cheap request."""
        tally = _Tally()
        self._json("/configuration", {}, lambda body: isinstance(body, dict), tally)
        return tally.answered_at or now()

    def movies(self, movie_ids: Sequence[int]) -> list[Reply]:
        """Fetch /movie/{id} for each id; replies in the order asked.

        Raises nothing: what stops every request (no credential) is in the `error` of
        each reply that it cost, and what is not answered in time is a failure.
        """
        asked = [self._pool.submit(self._movie, movie_id) for movie_id in movie_ids]
        done, unfinished = wait(asked, self._chunk_s, return_when=FIRST_EXCEPTION)
        error = next((e for future in done if (e := future.exception())), None)
        for future in unfinished:
            future.cancel()
        if error:
            if not isinstance(error, PipelineError):
                raise error
            failed = partial(Reply, failure=error.reason, error=error, requests=0)
        else:
            reason = f"not answered in {self._chunk_s:.0f} s"
            failed = partial(Reply, failure=reason, is_outage=True)
        return [
            future.result()
            if future in done and not future.exception()
            else failed(movie_id)
            for movie_id, future in zip(movie_ids, asked, strict=True)
        ]

    def most_popular(self, limit: int) -> list[ListedMovie]:
        """List the most popular movies, re-sorted; `limit` at most 8,000."""
        return pages.most_popular(self._page, limit)

    def changes(self, day: date) -> list[ChangedMovie]:
        """List the movies edited on a UTC day, each once."""
        return pages.changes(self._page, day)

    def has_export(self, day: date) -> bool:
        """Say whether the file server has a day's export; its content is not read."""
        name = _file_name(day)

        def read() -> bool:
            status, pause_s = self._export_status(day)
            if status in _ABSENT:
                return False
            if status != HTTPStatus.OK:
                raise self._failure(verdict(status, None), status, pause_s, name)
            return True

        return self._retrying(read, name)

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        """Stream one day's ID export through `fold`, all of it or nothing.

        `fold` runs anew when the connection breaks. Raises ExportMissingError,
        ExportNotYetError (no verdict: to be asked for again) and ExportDamagedError
        (truncated or corrupt: none of it was used).
        """
        name = _file_name(day)

        def read() -> T:
            self._bucket.take()
            with self._get(f"{self._exports_url}/{name}", stream=True) as response:
                if response.status_code in _ABSENT:
                    raise self._absence(day, answered_at(response.headers, now()))
                if (status := response.status_code) != HTTPStatus.OK:
                    pause_s = retry_after_s(response.headers.get("Retry-After"))
                    raise self._failure(verdict(status, None), status, pause_s, name)
                try:
                    with gzip.GzipFile(fileobj=cast("Any", response.raw)) as lines:
                        rows = read_lines(lines, day)
                        folded = fold(rows)
                        # Only its end tells whether a gzip file is whole.
                        deque(rows, maxlen=0)
                        return folded
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    if isinstance(error, gzip.BadGzipFile):
                        raise ExportDamagedError(f"{name} is corrupt", day) from error
                    raise _Retried(f"{name}: {type(error).__name__}") from error
                except (EOFError, zlib.error) as error:
                    raise ExportDamagedError(f"{name} is damaged", day) from error

        return self._retrying(read, name)

    def _absence(self, day: date, moment: datetime) -> Exception:
        """Return what it means that an export is not there; `moment` is TMDB's."""
        if not is_due(day, moment):
            return ExportNotYetError(f"TMDB has no export of {day} yet", day)
        for other in other_days(day, moment):
            status, _ = self._export_status(other)
            if status == HTTPStatus.OK:
                return ExportMissingError(f"TMDB has no export of {day}", day)
        return ExportNotYetError(
            f"TMDB's file server has no export of {day} and of no other day either",
            day,
            is_outage=True,
        )

    def _export_status(self, day: date) -> tuple[int, float | None]:
        """Return the status of an export, and the pause that came with it."""
        self._bucket.take()
        url = f"{self._exports_url}/{_file_name(day)}"
        with self._get(url, stream=True) as response:
            pause_s = retry_after_s(response.headers.get("Retry-After"))
            return response.status_code, pause_s

    def _movie(self, movie_id: int) -> Reply:
        tally = _Tally()

        def is_movie(body: object) -> bool:
            return isinstance(body, dict) and body.get("id") == movie_id

        try:
            movie = self._json(f"/movie/{movie_id}", {}, is_movie, tally)
        except TmdbUnavailableError as error:
            return Reply(
                movie_id,
                failure=error.reason,
                is_outage=not isinstance(error.__cause__, UnreadableError),
                requests=tally.requests,
                throttled=tally.throttled,
                answered_at=tally.answered_at,
            )
        return Reply(
            movie_id,
            movie=movie,
            is_found=movie is not None,
            requests=tally.requests,
            throttled=tally.throttled,
            answered_at=tally.answered_at,
        )

    def _page(self, path: str, params: dict[str, str]) -> object:
        return self._json(path, params, pages.is_page, _Tally())

    def _json(
        self,
        path: str,
        params: dict[str, str],
        is_wanted: Callable[[object], bool],
        tally: _Tally,
    ) -> object:
        """Return the JSON at a path; None for TMDB's 404."""

        def read() -> object:
            auth = self._credential.current()
            answer = self._ask(path, params, auth, tally)
            judged = verdict(answer.status, error_code(answer.body))
            if judged is Verdict.NOT_FOUND:
                return None
            if judged is Verdict.CREDENTIAL:
                raise self._refusal(auth, answer, tally)
            if judged is not Verdict.FOUND:
                raise self._failure(judged, answer.status, answer.pause_s, path)
            if answer.unreadable or not is_wanted(answer.body):
                raise _unreadable(answer, tally, path)
            return answer.body

        return self._retrying(read, path)

    def _ask(
        self, path: str, params: dict[str, str], auth: AuthBase, tally: _Tally
    ) -> _Answer:
        self._bucket.take()
        tally.requests += 1
        sent_at = time.monotonic()
        with self._get(f"{self._base_url}{path}", params, auth) as response:
            tally.answered_at = answered_at(response.headers, now())
            status, content = response.status_code, response.content
            pause_s = retry_after_s(response.headers.get("Retry-After"))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            tally.throttled += 1
        try:
            return _Answer(status, pause_s, sent_at, read_json(content))
        except UnreadableError as error:
            return _Answer(status, pause_s, sent_at, unreadable=str(error))

    def _refusal(self, auth: AuthBase, answer: _Answer, tally: _Tally) -> Exception:
        """Return what a refused credential comes to; the secret is read anew."""
        if self._credential.renew(auth, answer.sent_at):
            return _Retried(f"HTTP {answer.status}", 0.0)
        tally.refused += 1
        if tally.refused > len(REFUSAL_PAUSES_S):
            return bad_credential(f"TMDB refused our credential ({answer.status})")
        pause_s = REFUSAL_PAUSES_S[tally.refused - 1]
        return _Refused(f"HTTP {answer.status}", pause_s)

    def _failure(
        self, judged: Verdict, status: int, pause_s: float | None, path: str
    ) -> Exception:
        if judged is not Verdict.RETRIED:
            return TmdbUnavailableError(
                f"{path}: TMDB answered {status}, which it should not",
                remedy="see docs/surprises.md; TMDB's API may have changed",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._bucket.pause(1.0 if pause_s is None else pause_s)
        return _Retried(f"HTTP {status}", pause_s)

    def _get(
        self,
        url: str,
        params: dict[str, str] | None = None,
        auth: AuthBase | None = None,
        *,
        stream: bool = False,
    ) -> requests.Response:
        if not hasattr(self._local, "session"):
            # requests.Session is not thread-safe: one per thread.
            self._local.session = requests.Session()
            self._local.session.headers["User-Agent"] = "tmdb-traction"
        session = cast("requests.Session", self._local.session)
        try:
            return session.get(
                url,
                params=params,
                auth=auth,
                timeout=TIMEOUT_S,
                stream=stream,
                # TMDB never redirects, and a credential must not follow a redirect.
                allow_redirects=auth is None,
            )
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            ValueError,  # a Location that is no URL: requests reads it all the same
        ) as error:
            # Not chained: the text of requests' errors holds the URL, and with a v3
            # key the URL holds the key.
            raise _Retried(type(error).__name__) from None

    def _is_over(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _Refused):
            return False
        return stop_after_delay(self._retry_s)(state)

    def _retrying[T](self, read: Callable[[], T], path: str) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(_Retried),
            stop=self._is_over,
            wait=_wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(read)
        except _Retried as error:
            raise TmdbUnavailableError(
                f"{path}: {error} for {self._retry_s:.0f} s",
                field="TMDB",
                remedy="tried again by itself; see https://status.themoviedb.org",
            ) from error


def _file_name(day: date) -> str:
    return f"movie_ids_{day:%m_%d_%Y}.json.gz"


_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})
"""The file server is a bucket: it may say 403 of what is not there."""


def _unreadable(answer: _Answer, tally: _Tally, path: str) -> Exception:
    """Return what a 200 without what was asked for comes to."""
    reason = answer.unreadable or "JSON that is not what was asked for"
    tally.unreadable += 1
    if tally.unreadable < UNREADABLE_TRIES:
        return _Retried(reason)
    error = TmdbUnavailableError(
        f"{path}: 200 with {reason}",
        field="TMDB",
        remedy="tried again by itself; see docs/surprises.md",
    )
    error.__cause__ = UnreadableError(reason)
    return error


_back_off_s = wait_random_exponential(multiplier=0.25, max=8)


def _wait_s(state: RetryCallState) -> float:
    """Wait as long as TMDB asked, else longer and longer, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Retried) and error.pause_s is not None:
        return min(error.pause_s, LONGEST_PAUSE_S)
    return _back_off_s(state)
