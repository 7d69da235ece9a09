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
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, datetime
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
from shared.errors import TmdbUnavailableError
from shared.ports import ChangedMovie, ExportRow, ListedMovie, Reply
from shared.tmdb import pages
from shared.tmdb.answered import answered_at
from shared.tmdb.auth import authentication, bad_credential
from shared.tmdb.exports import ExportDamagedError, ExportMissingError, read_lines
from shared.tmdb.rate_limit import LONGEST_PAUSE_S, TokenBucket, retry_after_s

THREADS = 10
"""Connections at once: 30 requests/s up to 333 ms latency; TMDB allows 20 per IP."""
TIMEOUT_S = (3.05, 20.0)
"""Connect, read."""
BATCH_TIMEOUT_S = 240.0
"""A batch not fetched by then is handed back: below the function's 300 s."""
UNREADABLE_TRIES = 3
"""A 200 that is no JSON is tried again this often: no outage looks like that."""

_RETRIED = frozenset({429, 500, 502, 503, 504})


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


class _Retried(Exception):  # noqa: N818 - caught here, seen by nobody
    """An answer worth asking again; `pause_s` as TMDB asked, None when it did not."""

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class _UnreadableError(Exception):
    """A 200 whose body is no JSON."""


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    throttled: int = 0
    answered_at: datetime | None = None


class Tmdb:
    """TMDB's API and file server, at one polite rate.

    read_secret: returns the credential; asked when first needed, and again after TMDB
    refused the one we had, so that a rotated secret needs no redeploy.
    rate: requests per second of this process. retry_s: how long one request is tried
    again. `clock` and `sleep` are for tests.
    """

    def __init__(
        self,
        base_url: str,
        exports_url: str,
        read_secret: Callable[[], str],
        *,
        rate: float,
        retry_s: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._exports_url = exports_url.rstrip("/")
        self._read_secret = read_secret
        self._auth: AuthBase | None = None
        self._auth_lock = threading.Lock()
        self._bucket = TokenBucket(rate, clock, sleep)
        self._retry_s = retry_s
        self._sleep = sleep
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="tmdb")

    def now(self) -> datetime:
        """Return this moment by TMDB's clock: one cheap request."""
        tally = _Tally()
        self._json("/configuration", {}, tally)
        return tally.answered_at or now()

    def movies(self, movie_ids: Sequence[int]) -> list[Reply]:
        """Fetch /movie/{id} for each id; replies in the order asked.

        Raises CredentialsError, and TmdbUnavailableError when not done in 240 s.
        """
        asked = [self._pool.submit(self._movie, movie_id) for movie_id in movie_ids]
        _, unfinished = wait(asked, BATCH_TIMEOUT_S)
        if unfinished:
            for future in unfinished:
                future.cancel()
            raise TmdbUnavailableError(
                f"{len(unfinished)} of {len(asked)} movies not answered in "
                f"{BATCH_TIMEOUT_S:.0f} s",
                remedy="delivered again by itself",
            )
        return [future.result() for future in asked]

    def most_popular(self, limit: int) -> list[ListedMovie]:
        """List the most popular movies, re-sorted; `limit` at most 8,000."""
        return pages.most_popular(self._page, limit)

    def changes(self, day: date) -> list[ChangedMovie]:
        """List the movies edited on a UTC day, each once."""
        return pages.changes(self._page, day)

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        """Stream one day's ID export through `fold`, all of it or nothing.

        `fold` runs anew when the connection breaks. Raises ExportMissingError
        and ExportDamagedError (truncated or corrupt: none of it was used).
        """
        name = f"movie_ids_{day:%m_%d_%Y}.json.gz"

        def read() -> T:
            self._bucket.take()
            with self._get(f"{self._exports_url}/{name}", stream=True) as response:
                # The file server is a bucket: it may say 403 of what is not there.
                if response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN):
                    raise ExportMissingError(f"TMDB has no export of {day}", day)
                self._check(response, name)
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

    def _credential(self) -> AuthBase:
        with self._auth_lock:
            if self._auth is None:
                self._auth = authentication(self._read_secret())
            return self._auth

    def _movie(self, movie_id: int) -> Reply:
        tally = _Tally()
        path = f"/movie/{movie_id}"
        try:
            movie = self._json(path, {}, tally)
        except TmdbUnavailableError as error:
            return Reply(
                movie_id,
                failure=error.reason,
                is_outage=not isinstance(error.__cause__, _UnreadableError),
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
        return self._json(path, params, _Tally())

    def _json(self, path: str, params: dict[str, str], tally: _Tally) -> object:
        """Return the JSON at a path; None for 404."""
        unreadable = 0

        def read() -> object:
            nonlocal unreadable
            auth = self._credential()
            self._bucket.take()
            tally.requests += 1
            with self._get(f"{self._base_url}{path}", params, auth) as response:
                tally.answered_at = answered_at(response.headers, now())
                if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                    tally.throttled += 1
                if response.status_code == HTTPStatus.NOT_FOUND:
                    return None
                self._check(response, path)
                try:
                    return response.json()
                except ValueError as error:
                    unreadable += 1
                    if unreadable < UNREADABLE_TRIES:
                        raise _Retried("a body that is no JSON") from error
                    raise TmdbUnavailableError(
                        f"{path}: 200 with a body that is no JSON"
                    ) from _UnreadableError()

        return self._retrying(read, path)

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
                url, params=params, auth=auth, timeout=TIMEOUT_S, stream=stream
            )
        except requests.RequestException as error:
            # Not chained: the text of requests' errors holds the URL, and with a v3
            # key the URL holds the key.
            raise _Retried(type(error).__name__) from None

    def _check(self, response: requests.Response, path: str) -> None:
        """Return on 200; otherwise raise what the status means."""
        status = response.status_code
        if status == HTTPStatus.OK:
            return
        if status in _RETRIED:
            pause_s = retry_after_s(response.headers.get("Retry-After"))
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self._bucket.pause(1.0 if pause_s is None else pause_s)
            raise _Retried(f"HTTP {status}", pause_s)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            with self._auth_lock:
                self._auth = None
            raise bad_credential(f"TMDB refused our credential ({status})")
        raise TmdbUnavailableError(
            f"{path}: TMDB answered {status}, which it should not",
            remedy="see docs/surprises.md; TMDB's API may have changed",
        )

    def _retrying[T](self, read: Callable[[], T], path: str) -> T:
        retrying = Retrying(
            retry=retry_if_exception_type(_Retried),
            stop=stop_after_delay(self._retry_s),
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


_back_off_s = wait_random_exponential(multiplier=0.25, max=8)


def _wait_s(state: RetryCallState) -> float:
    """Wait as long as TMDB asked, else longer and longer, with jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Retried) and error.pause_s is not None:
        return min(error.pause_s, LONGEST_PAUSE_S)
    return _back_off_s(state)
