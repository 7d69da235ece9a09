"""The TMDB client: one per process, for movies, lists and exports.

The credential travels in a header; a v3 key in the query, because TMDB accepts it only
there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import date, datetime
from functools import partial
from http import HTTPStatus

from requests.auth import AuthBase

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
from shared.tmdb.connection import Connection, RefusedError, RetriedError
from shared.tmdb.file_server import FileServer
from shared.tmdb.rate_limit import retry_after_s
from shared.tmdb.statuses import Verdict, error_code, verdict
from shared.tmdb.tally import Answer, Tally, unreadable

SLOWEST_S = 1 / 3
"""Up to this latency, 10 connections suffice for 30 requests/s."""
FEWEST_CONNECTIONS, MOST_CONNECTIONS = 2, 20
"""TMDB allows 20 per IP address; two functions use 10 each."""
REFUSAL_PAUSES_S = (0.5, 1.0, 2.0)
"""Retries after a 401 with the secret's current credential, because TMDB may reject a
valid one for seconds. After one more 401 it counts as invalid."""


def connect(settings: Settings, platform: Platform) -> "Tmdb":
    """Open TMDB as configured; the credential is read when first needed."""
    tmdb = Tmdb(
        settings.tmdb_base_url,
        settings.tmdb_exports_url,
        lambda: secretmanager.read(
            settings.tmdb_token_secret, platform.secretmanager_emulator
        ),
        rate=settings.tmdb_requests_per_second,
        retry_s=settings.tmdb_retry_s,
        with_external_ids=bool(settings.wikipedia_contact),
    )
    tmdb.pace(settings.tmdb_share)
    return tmdb


class Tmdb:
    """TMDB's API and file server, with one rate limit.

    read_secret: returns the credential; called when first needed, and again after TMDB
    has rejected it, so that a rotated secret needs no redeployment.
    rate: requests per second of this process; `pace` may lower it. retry_s: how long
    one request is retried. chunk_s: maximum wait for movies that are requested
    together. with_external_ids: a movie's ids elsewhere come with its details, by the
    same request. `sleep` is for tests.
    """

    def __init__(  # noqa: PLR0913 - five of them are named
        self,
        base_url: str,
        exports_url: str,
        read_secret: Callable[[], str],
        *,
        rate: float,
        retry_s: float,
        chunk_s: float = CHUNK_S,
        with_external_ids: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._rate = rate
        self._connection = Connection(rate=rate, retry_s=retry_s, sleep=sleep)
        self._files = FileServer(exports_url, self._connection)
        self._credential = Credential(read_secret)
        self._chunk_s = chunk_s
        append = {"append_to_response": "external_ids"}
        self._details_query = append if with_external_ids else {}
        threads = min(max(int(rate * SLOWEST_S), FEWEST_CONNECTIONS), MOST_CONNECTIONS)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="tmdb")

    def pace(self, share: float) -> None:
        """Send requests at this share of the rate from now on."""
        self._connection.set_rate(self._rate * share)

    def now(self) -> datetime:
        """Return the current time by TMDB's clock, with one cheap request."""
        tally = Tally()
        self._json("/configuration", {}, lambda body: isinstance(body, dict), tally)
        return tally.answered_at or now()

    def movies(self, movie_ids: Sequence[int]) -> list[Reply]:
        """Fetch /movie/{id} for each id; replies are in the order of the ids.

        Raises nothing: an error of every request (no credential) is in the `error` of
        each affected reply, and a request without an answer in time is a failure.
        """
        pending = [self._pool.submit(self._movie, movie_id) for movie_id in movie_ids]
        done, unfinished = wait(pending, self._chunk_s, return_when=FIRST_EXCEPTION)
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
            for movie_id, future in zip(movie_ids, pending, strict=True)
        ]

    def most_popular(self, limit: int) -> list[ListedMovie]:
        """List the most popular movies, re-sorted; `limit` at most 8,000."""
        return pages.most_popular(self._pages, limit)

    def changes(self, day: date) -> list[ChangedMovie]:
        """List the movies edited on a UTC day, each once."""
        return pages.changes(self._pages, day)

    def has_export(self, day: date) -> bool:
        """Return whether the file server has a day's export, without reading it."""
        return self._files.has_export(day)

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        """Stream one day's ID export through `fold`; see FileServer.export."""
        return self._files.export(day, fold)

    def _movie(self, movie_id: int) -> Reply:
        tally = Tally()

        def is_movie(body: object) -> bool:
            return isinstance(body, dict) and body.get("id") == movie_id

        try:
            movie = self._json(
                f"/movie/{movie_id}", self._details_query, is_movie, tally
            )
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

    def _pages(self, path: str, queries: Sequence[dict[str, str]]) -> Iterator[object]:
        """Read the pages concurrently; an error of one ends them all."""

        def page(params: dict[str, str]) -> object:
            return self._json(path, params, pages.is_page, Tally())

        return self._pool.map(page, queries)

    def _json(
        self,
        path: str,
        params: dict[str, str],
        is_wanted: Callable[[object], bool],
        tally: Tally,
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
                raise self._connection.failure(
                    judged, answer.status, answer.pause_s, path
                )
            if answer.unreadable or not is_wanted(answer.body):
                raise unreadable(answer, tally, path)
            return answer.body

        return self._connection.retrying(read, path)

    def _ask(
        self, path: str, params: dict[str, str], auth: AuthBase, tally: Tally
    ) -> Answer:
        self._connection.wait_turn()
        tally.requests += 1
        sent_at = time.monotonic()
        with self._connection.get(f"{self._base_url}{path}", params, auth) as response:
            tally.answered_at = answered_at(response.headers, now())
            status, content = response.status_code, response.content
            pause_s = retry_after_s(response.headers.get("Retry-After"))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            tally.throttled += 1
        try:
            return Answer(status, pause_s, sent_at, read_json(content))
        except UnreadableError as error:
            return Answer(status, pause_s, sent_at, unreadable=str(error))

    def _refusal(self, auth: AuthBase, answer: Answer, tally: Tally) -> Exception:
        """Return the outcome of a rejected credential; read the secret again first."""
        if self._credential.renew(auth, answer.sent_at):
            return RetriedError(f"HTTP {answer.status}", 0.0)
        tally.refused += 1
        if tally.refused > len(REFUSAL_PAUSES_S):
            return bad_credential(f"TMDB refused our credential ({answer.status})")
        pause_s = REFUSAL_PAUSES_S[tally.refused - 1]
        return RefusedError(f"HTTP {answer.status}", pause_s)
