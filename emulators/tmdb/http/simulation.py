"""The simulation behind the HTTP server: its day, faults, limits and credentials.

In: a parsed request. Out: an `Outcome`: the reply, its delay, and whether to break the
connection.
"""

import hmac
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from threading import Lock
from urllib.parse import parse_qsl

from emulators.tmdb.catalogue.movies import Catalogue
from emulators.tmdb.catalogue.replay import Replay, read_recordings
from emulators.tmdb.catalogue.source import Source
from emulators.tmdb.http import replies
from emulators.tmdb.http.api import Api, endpoint_of
from emulators.tmdb.http.exports import Exports
from emulators.tmdb.http.fates import Fate, Outcome, befallen, fate
from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.lists import Lists
from emulators.tmdb.http.replies import Reply
from emulators.tmdb.http.settings import Options
from emulators.tmdb.http.traffic import DETAILS, RateLimit, Stats

_EXPORTS = "/p/exports/"


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names in lower case, `target` as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The parameters; of a repeated one the last."""
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))


class Simulation:
    """The state of the server; thread-safe."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.source = _make_source(options)
        self.stats = Stats()
        self.latency_ms = options.latency_ms
        self.age_s = options.age_s
        self._time_of_day = options.time_of_day
        self._limit = RateLimit(options.rate_limit)
        self._lock = Lock()
        self._attempts: Counter[str] = Counter()
        lists = Lists(self.source, options.seed, quirks=options.list_quirks)
        self._api = Api(self.source, lists, options.seed)
        self._exports = Exports(self.source)
        folder = options.replay_recorded
        self._recordings = read_recordings(folder) if folder else {}
        self._today = self._checked(options.today)
        self._faults = options.faults
        self._faults_since_s = self._today_since_s = time.monotonic()

    @property
    def today(self) -> date:
        """TMDB's day."""
        return self._today

    @today.setter
    def today(self, day: date) -> None:
        self._today = self._checked(day)
        self._today_since_s = time.monotonic()

    @property
    def now(self) -> datetime:
        """TMDB's time, which stays in the simulated day."""
        begin = datetime.combine(self._today, self._time_of_day, UTC)
        went_on = timedelta(seconds=time.monotonic() - self._today_since_s)
        end = datetime.combine(self._today, clock_time(23, 59, 59), UTC)
        return min(begin + went_on, end)

    @property
    def time_of_day(self) -> clock_time:
        """The time to which the clock was last set."""
        return self._time_of_day

    @time_of_day.setter
    def time_of_day(self, moment: clock_time) -> None:
        self._time_of_day = moment
        self._today_since_s = time.monotonic()

    @property
    def faults(self) -> Faults:
        """The current faults."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._attempts.clear()
        self._faults = faults
        self._faults_since_s = time.monotonic()

    @property
    def rate_limit(self) -> float:
        """API requests allowed in any one second, 0 = no limit."""
        return self._limit.per_s

    @rate_limit.setter
    def rate_limit(self, per_s: float) -> None:
        self._limit = RateLimit(per_s)

    def handle(self, request: Request) -> Outcome:
        """Count and answer one request."""
        path = request.path
        endpoint = endpoint_of(path)
        if not path.startswith(_EXPORTS):
            self.stats.arrived(endpoint, time.time())
        outcome = self._judge(request)
        outcome = replace(outcome, reply=outcome.reply.dated(self.now, self.age_s))
        if self.faults.unannounced_gzip and not path.startswith(_EXPORTS):
            outcome = replace(outcome, reply=outcome.reply.compressed())
        if request.method == "HEAD":
            outcome = replace(outcome, reply=replace(outcome.reply, body_sent=False))
        self.stats.answered(endpoint, outcome.breaks or str(outcome.reply.status))
        delay_s = outcome.delay_s + self.latency_ms / 1000
        return replace(outcome, delay_s=delay_s)

    def _judge(self, request: Request) -> Outcome:
        faults, age_s = self.faults, time.monotonic() - self._faults_since_s
        if _within(age_s, faults.outage_start_s, faults.outage_s):
            return Outcome(replies.unavailable())
        if request.path.startswith(_EXPORTS):
            reply = self._export(request, faults)
        else:
            storm = _within(age_s, faults.storm_429_start_s, faults.storm_429_s)
            if storm or not self._limit.admits(time.monotonic()):
                limit, retry_after_s = self._limit.per_s, self.options.retry_after_s
                return Outcome(replies.over_limit(limit, retry_after_s))
            if not self._is_known(request):
                return Outcome(replies.failed(7))
            reply = self._answer(request, faults)
            if _within(age_s, faults.storm_404_start_s, faults.storm_404_s) and (
                endpoint_of(request.path) == DETAILS
            ):
                reply = replies.failed(34)
        return befallen(reply, self._fate(request, faults), faults)

    def _answer(self, request: Request, faults: Faults) -> Reply:
        if request.method not in {"GET", "HEAD"}:
            return replies.failed(34)
        query = request.query
        parameters = frozenset((k, v) for k, v in query.items() if k != "api_key")
        recorded = self._recordings.get((request.path, parameters))
        if recorded:
            return Reply(recorded.status, recorded.body, headers=recorded.headers)
        return self._api.answer(request.path, query, self._today, faults)

    def _export(self, request: Request, faults: Faults) -> Reply:
        if faults.forbidden_exports:
            return replies.forbidden_file()
        name, today = request.path.removeprefix(_EXPORTS), self._today
        since_s = max(self._faults_since_s, self._today_since_s)
        late = time.monotonic() - since_s < faults.export_delay_s
        if late and name == today.strftime("movie_ids_%m_%d_%Y.json.gz"):
            return replies.no_such_file()
        content = self._exports.file(name, today, faults)
        return (
            replies.no_such_file() if content is None else replies.export_file(content)
        )

    def _is_known(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(token.strip(), self.options.token):
            return True
        return _same(request.query.get("api_key", ""), self.options.api_key)

    def _fate(self, request: Request, faults: Faults) -> Fate:
        if not faults.by_chance:
            return Fate()
        query = sorted(item for item in request.query.items() if item[0] != "api_key")
        key = f"{request.method} {request.path} {query}"
        with self._lock:
            self._attempts[key] += 1
            attempt = self._attempts[key]
        return fate(faults, self.options.seed, key, attempt)

    def _checked(self, day: date) -> date:
        first, last = self.source.first_day, self.source.last_day
        if not first <= day <= last:
            raise ValueError(f"today: {day} is not between {first} and {last}")
        return day


def _make_source(options: Options) -> Source:
    if options.replay_series:
        return Replay(options.replay_series)
    start = options.start or date(options.today.year, 1, 1)
    return Catalogue(options.seed, options.movies, start)


def _within(age_s: float, start_s: float, length_s: float) -> bool:
    return start_s <= age_s < start_s + length_s


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
