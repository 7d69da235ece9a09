"""Send requests with one rate limit for all threads, and retry them.

Errors and log lines have the path only, because a URL may contain the credential.
"""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import cast

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

from shared.errors import TmdbUnavailableError
from shared.tmdb.rate_limit import LONGEST_PAUSE_S, TokenBucket
from shared.tmdb.statuses import Verdict

TIMEOUT_S = (3.05, 20.0)
"""To connect, to read."""


class RetriedError(Exception):
    """An answer to retry; `pause_s` is TMDB's Retry-After, None without one.

    `Connection.retrying` raises TmdbUnavailableError instead when time is up.
    """

    def __init__(self, reason: str, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class RefusedError(RetriedError):
    """A rejected credential: retried by count, however short the time for retries.

    Only repetition distinguishes a wrong credential from a wrong answer.
    """


class Connection:
    """Requests of one process, by any number of its threads.

    rate: requests per second. retry_s: how long one request is tried again. `sleep` is
    for tests.
    """

    def __init__(
        self,
        *,
        rate: float,
        retry_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bucket = TokenBucket(rate, sleep=sleep)
        self._retry_s = retry_s
        self._sleep = sleep
        self._local = threading.local()

    def wait_turn(self) -> None:
        """Wait until the rate allows a request; to be called before each `get`."""
        self._bucket.take()

    def set_rate(self, rate: float) -> None:
        """Send this many requests per second from now on."""
        self._bucket.rate = rate

    def get(
        self,
        url: str,
        params: dict[str, str] | None = None,
        auth: AuthBase | None = None,
        *,
        stream: bool = False,
    ) -> requests.Response:
        """Send one request; RetriedError without an answer."""
        try:
            return self._session().get(
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
            ValueError,  # a Location that is not a URL: requests parses it all the same
        ) as error:
            # Not chained: the text of requests' errors contains the URL, and with a
            # v3 key the URL contains the key.
            raise RetriedError(type(error).__name__) from None

    def failure(
        self, judged: Verdict, status: int, pause_s: float | None, path: str
    ) -> Exception:
        """Return the outcome of a status that is no success; 429 pauses all threads."""
        if judged is not Verdict.RETRIED:
            return TmdbUnavailableError(
                f"{path}: TMDB answered {status}, which it should not",
                hint="see docs/surprises.md; TMDB's API may have changed",
            )
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            self._bucket.pause(1.0 if pause_s is None else pause_s)
        return RetriedError(f"HTTP {status}", pause_s)

    def retrying[T](self, read: Callable[[], T], path: str) -> T:
        """Call `read` until it raises no RetriedError, or `retry_s` is over."""
        retrying = Retrying(
            retry=retry_if_exception_type(RetriedError),
            stop=self._is_over,
            wait=_wait_s,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(read)
        except RetriedError as error:
            raise TmdbUnavailableError(
                f"{path}: {error} for {self._retry_s:.0f} s",
                field="TMDB",
                hint="retried automatically; see https://status.themoviedb.org",
            ) from error

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            # requests.Session is not thread-safe: one per thread.
            self._local.session = requests.Session()
            self._local.session.headers["User-Agent"] = "tmdb-traction"
        return cast("requests.Session", self._local.session)

    def _is_over(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RefusedError):
            return False
        return stop_after_delay(self._retry_s)(state)


_back_off_s = wait_random_exponential(multiplier=0.25, max=8)


def _wait_s(state: RetryCallState) -> float:
    """Wait for TMDB's Retry-After, else with exponential back-off and jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, RetriedError) and error.pause_s is not None:
        return min(error.pause_s, LONGEST_PAUSE_S)
    return _back_off_s(state)
