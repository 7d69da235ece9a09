"""TMDB: ids, days and limits in; movies, lists and exports out.

One Tmdb per process: its threads share a token bucket, so that the process keeps one
polite rate whatever runs in parallel. The credential travels in a header (or, where
the secret is a v3 key, as TMDB wants it, in the query) and stays out of every error
and log line: those name the path only.
What TMDB really does: https://developer.themoviedb.org/docs and docs/surprises.md.
"""

import gzip
import logging
import re
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from math import ceil
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

from shared import clock, secretmanager
from shared.config import Platform, Settings
from shared.errors import CredentialsError, TmdbIncompleteError, TmdbUnavailableError
from shared.exports import ExportDamagedError, ExportMissingError, read_lines
from shared.ports import ChangedMovie, ExportRow, ListedMovie, Reply

THREADS = 10
"""Connections at once: 30 requests/s up to 333 ms latency; TMDB allows 20 per IP."""
TIMEOUT_S = (3.05, 20.0)
"""Connect, read."""
BATCH_TIMEOUT_S = 240.0
"""A batch not fetched by then is handed back: below the function's 300 s."""
LAST_PAGE = 500
"""TMDB answers 400 beyond it."""
MOVIES_PER_PAGE = 20
OVER_FETCH = 1.2
"""Pages are cached apart and sorted by yesterday: 50 pages hold 978 of 1,000 movies,
939 of them right. 60 pages, re-sorted, hold the true thousand."""
MOSTLY = 0.98
"""Lists drift while they are read: a few movies less than TMDB counts are normal."""
LONGEST_PAUSE_S = 120.0
UNREADABLE_TRIES = 3
"""A 200 that is no JSON is tried again this often: no outage looks like that."""

log = logging.getLogger(__name__)

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


class TokenBucket:
    """Hands out moments to send at, `rate` a second, to all threads that ask."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval_s = 1.0 / rate
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._paused_until = 0.0

    def take(self) -> None:
        """Wait for the next free moment; again if the bucket was paused meanwhile."""
        while True:
            with self._lock:
                at = max(self._clock(), self._next_at, self._paused_until)
                self._next_at = at + self._interval_s
            if (delay_s := at - self._clock()) > 0:
                self._sleep(delay_s)
            if self._paused_until <= at:
                return

    def pause(self, seconds: float) -> None:
        """Let nobody send for so long: TMDB said 429 to one, it means all."""
        with self._lock:
            until = self._clock() + min(seconds, LONGEST_PAUSE_S)
            self._paused_until = max(self._paused_until, until)


class _Retried(Exception):  # noqa: N818 - caught here, seen by nobody
    """An answer worth asking again; `pause_s` as TMDB asked, None when it did not."""

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class _UnreadableError(Exception):
    """A 200 whose body is no JSON."""


class _ReadToken(AuthBase):
    """The v4 read access token. As an auth object, so that no ~/.netrc replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _ApiKey(AuthBase):
    """The short v3 key, which TMDB takes in the query only."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.prepare_url(r.url, {"api_key": self._key})
        return r


def _credential(secret: str) -> AuthBase:
    """Tell a v3 key (32 hex digits) from a v4 token (three dotted parts)."""
    if re.fullmatch(r"[0-9a-fA-F]{32}", secret):
        return _ApiKey(secret)
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", secret, re.ASCII):
        return _ReadToken(secret)
    raise _bad_credential("the secret is neither a v4 read token nor a v3 API key")


def _bad_credential(reason: str) -> CredentialsError:
    return CredentialsError(
        reason,
        field="TMDB_TOKEN_SECRET",
        remedy="copy the API Read Access Token (or the API Key) from "
        "https://www.themoviedb.org/settings/api into a new version of the secret",
    )


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    throttled: int = 0


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
        """List the most popular movies, re-sorted; `limit` at most 8,000.

        Reads a fifth more pages than `limit` fills, goes on past short and repeated
        pages, and raises TmdbIncompleteError when TMDB has more than it would list.
        """
        found: dict[int, ListedMovie] = {}
        total = 0
        enough = ceil(limit * OVER_FETCH / MOVIES_PER_PAGE)
        for page_no in range(1, LAST_PAGE + 1):
            page = self._page("/discover/movie", page_no, sort_by="popularity.desc")
            total = max(total, page.total_results)
            for item in page.results:
                movie = ListedMovie(item["id"], _number(item.get("popularity")))
                found.setdefault(movie.movie_id, movie)
            is_last = page_no >= page.total_pages
            if is_last or (page_no >= enough and len(found) >= limit):
                break
        wanted = min(limit, total)
        if len(found) < wanted:
            raise TmdbIncompleteError(
                f"/discover/movie listed {len(found)} different movies of {wanted}",
                field="limit",
                remedy="tried again by itself; TMDB's lists are whole again in a while",
            )
        by_popularity = sorted(
            found.values(), key=lambda m: (-m.popularity, m.movie_id)
        )
        return by_popularity[:limit]

    def changes(self, day: date) -> list[ChangedMovie]:
        """List the movies edited on a UTC day, each once.

        The window's ends are both inclusive as far as anybody knows; asking for the
        day and the next covers the day in either reading.
        """
        found: dict[int, ChangedMovie] = {}
        listed = 0
        window = {
            "start_date": day.isoformat(),
            "end_date": (day + timedelta(days=1)).isoformat(),
        }
        page_no = total_pages = 1
        while page_no <= min(total_pages, LAST_PAGE):
            page = self._page("/movie/changes", page_no, **window)
            total_pages, listed = page.total_pages, page.total_results
            for item in page.results:
                movie = ChangedMovie(item["id"], is_deleted=item.get("adult") is None)
                found[movie.movie_id] = movie
            page_no += 1
        if len(found) < MOSTLY * listed:
            # Edits only date metadata: too few of them are no reason to stop.
            log.warning(
                "changes_incomplete",
                extra={"day": day, "found": len(found), "listed": listed},
            )
        return list(found.values())

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
                self._auth = _credential(self._read_secret())
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
            )
        return Reply(
            movie_id,
            movie=movie,
            is_found=movie is not None,
            requests=tally.requests,
            throttled=tally.throttled,
        )

    def _page(self, path: str, page_no: int, **params: str) -> "_Page":
        body = self._json(path, {**params, "page": str(page_no)}, _Tally())
        return _Page.from_json(path, body)

    def _json(self, path: str, params: dict[str, str], tally: _Tally) -> object:
        """Return the JSON at a path; None for 404."""
        unreadable = 0

        def read() -> object:
            nonlocal unreadable
            auth = self._credential()
            self._bucket.take()
            tally.requests += 1
            with self._get(f"{self._base_url}{path}", params, auth) as response:
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
            pause_s = _retry_after_s(response.headers.get("Retry-After"))
            if status == HTTPStatus.TOO_MANY_REQUESTS:
                self._bucket.pause(1.0 if pause_s is None else pause_s)
            raise _Retried(f"HTTP {status}", pause_s)
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            with self._auth_lock:
                self._auth = None
            raise _bad_credential(f"TMDB refused our credential ({status})")
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


def _retry_after_s(header: str | None) -> float | None:
    """Read Retry-After: seconds or an HTTP date; None where it is neither."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (until - clock.now()).total_seconds())


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(cast("float", value)) if is_number else 0.0


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of a TMDB list; only objects with an integer id are results."""

    results: list[dict[str, Any]]
    total_pages: int
    total_results: int

    @classmethod
    def from_json(cls, path: str, body: object) -> "_Page":
        if not isinstance(body, dict) or not isinstance(body.get("results"), list):
            raise TmdbUnavailableError(
                f"{path}: a page without results",
                field="results",
                remedy="TMDB's API may have changed: see docs/surprises.md",
            )
        results = [
            item
            for item in body["results"]
            # `id` has been null in lists of changes.
            if isinstance(item, dict) and isinstance(item.get("id"), int)
        ]
        return cls(
            results,
            int(_number(body.get("total_pages"))),
            int(_number(body.get("total_results"))),
        )
