"""The faults, by name: each one prepares a scenario and sets what must come of it."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time
from functools import partial
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

from benchmarks.fault_injection.proxy import Answer, Call, CutError, Forward
from benchmarks.fault_injection.scenario import DELIVERIES, Scenario
from emulators.tmdb.http.faults import MALFORMED_KINDS, READABLE_KINDS
from local import tables
from local.run_progress import Status
from shared.messages import INGEST_REQUESTS, METRICS_REQUESTS, MOVIE_BATCHES
from shared.runs import ENDED

type Fault = Callable[[Scenario], None]
type Moment = Callable[[Call], bool]

CLOSED = ("PARTIAL", "FAILED")
_AWAY = Answer(
    503,
    b'{"error": {"code": 503, "message": "backend error", "errors": '
    b'[{"reason": "backendError", "message": "backend error"}]}}',
)


_USED_UP = (
    ("quotaExceeded", "Quota exceeded: too many table update operations"),
    ("rateLimitExceeded", "Exceeded rate limits: too many api requests per user"),
    ("jobRateLimitExceeded", "Job exceeded rate limits"),
)
_TAKEN = Answer(200, b'{"kind": "bigquery#tableDataInsertAllResponse"}')


def _records(event: str) -> Moment:
    return lambda call: (
        "/ingestion_log/insertAll" in call.path and event.encode() in call.body
    )


def _loads(column: str) -> Moment:
    return lambda call: call.method == "PUT" and f'"{column}"'.encode() in call.body


def _starts_a_job(call: Call) -> bool:
    return call.method == "POST" and "/jobs" in call.path


def _starts_a_transaction(call: Call) -> bool:
    return _starts_a_job(call) and b"BEGIN TRANSACTION" in call.body


def _kill(
    scenario: Scenario,
    function: str,
    moment: Moment,
    *,
    after: bool = False,
    nth: int = 1,
) -> None:
    """Kill a function at the nth call to BigQuery that matches."""
    lock, asked = threading.Lock(), count(1)

    def ambush(call: Call, forward: Forward) -> Answer:
        if call.function != function or not moment(call):
            return forward(call)
        with lock:
            if next(asked) != nth:
                return forward(call)
        if after:
            forward(call)
        scenario.crash(function)
        raise CutError

    scenario.proxy.ambush = ambush


def _killed_before_work(scenario: Scenario) -> None:
    _kill(scenario, "fetch_details", lambda _: True)


def _killed_before_marker(scenario: Scenario) -> None:
    _kill(
        scenario,
        "fetch_details",
        _records("BATCH_DONE"),
        nth=scenario.draw.choice([1, 1, 2]),
    )


def _killed_after_marker(scenario: Scenario) -> None:
    nth = scenario.draw.choice([1, 2])
    _kill(scenario, "fetch_details", _records("BATCH_DONE"), after=True, nth=nth)


def _killed_while_planning(scenario: Scenario) -> None:
    moment, after = scenario.draw.choice(
        [
            (_loads("is_deleted"), False),
            (_loads("is_deleted"), True),
            (_loads("movie_ids"), True),
            (_records("RUN_PLANNED"), False),
            (_records("RUN_PLANNED"), True),
        ]
    )
    _kill(scenario, "ingest_changes", moment, after=after)


def _killed_during_metrics(scenario: Scenario) -> None:
    if scenario.draw.random() < 0.3:  # noqa: PLR2004
        moment, nth = _records("METRICS_DONE"), 1
    else:
        # The views' first ones, or the script that computes everything.
        moment = scenario.draw.choice([_starts_a_job, _starts_a_transaction])
        nth = scenario.draw.randint(1, 6) if moment is _starts_a_job else 1
    after = scenario.draw.random() < 0.5  # noqa: PLR2004
    _kill(scenario, "compute_metrics", moment, after=after, nth=nth)


def _lost_batch(scenario: Scenario) -> None:
    left = iter(range(scenario.draw.choice([1, 1, 2])))
    no = scenario.draw.choice([1, 2])

    def is_lost(topic: str, data: bytes) -> bool:
        return (
            topic == MOVIE_BATCHES
            and json.loads(data)["batch_no"] == no
            and next(left, None) is not None
        )

    scenario.lose(is_lost)


def _late_batch(scenario: Scenario) -> None:
    """Lose a batch, however often it is published, until the run has been closed."""
    lost: list[bytes] = []
    seen = {"closed": False}

    def is_lost(topic: str, data: bytes) -> bool:
        if topic != MOVIE_BATCHES or json.loads(data)["batch_no"] != 1:
            return False
        lost.append(data)
        return True

    def look(status: Status) -> bool:
        if not seen["closed"] and status["state"] in CLOSED:
            seen["closed"] = True
            scenario.lose(lambda _topic, _data: False)
            scenario.publish(MOVIE_BATCHES, lost[0])
        return seen["closed"] and status["state"] not in CLOSED

    scenario.lose(is_lost)
    scenario.look = look


def _two_sweeps(scenario: Scenario) -> None:
    _lost_batch(scenario)
    scenario.sweeps_at_once = 3


def _poison_movies(scenario: Scenario) -> None:
    """One keeps the day publishable, several make it partial."""
    how_many = scenario.draw.choice([1, 1, 4])
    poisoned = scenario.draw.sample(
        scenario.tracked[: len(scenario.tracked) // 2], how_many
    )
    kinds = [kind for kind in MALFORMED_KINDS if kind not in READABLE_KINDS]
    scenario.simulated["malformed_movies"] = {
        str(movie): scenario.draw.choice(kinds) for movie in poisoned[1:]
    }
    if scenario.draw.random() < 0.5:  # noqa: PLR2004
        scenario.simulated["poison_movies"] = poisoned[:1]
    else:
        kind = scenario.draw.choice(kinds)
        scenario.simulated["malformed_movies"][str(poisoned[0])] = kind
    scenario.failing |= set(poisoned)


def _poison_messages(scenario: Scenario) -> None:
    bad = {
        INGEST_REQUESTS: b'{"mode": "hourly"}',
        MOVIE_BATCHES: json.dumps(
            {"run_id": scenario.run.run_id, "movie_ids": "all"}
        ).encode(),
        METRICS_REQUESTS: b"\xff no JSON",
    }
    tick = scenario.begin

    def begin() -> None:
        for topic, data in bad.items():
            scenario.publish(topic, data)
        tick()

    scenario.begin = begin
    scenario.parked |= set(bad.values())


def _storm(scenario: Scenario) -> None:
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"storm_429_start_s": start_s, "storm_429_s": 2.0}


def _outage(scenario: Scenario) -> None:
    """Half as long as a request is tried again, as 30 s are of the default 60."""
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"outage_start_s": start_s, "outage_s": 1.5}


def _slow(scenario: Scenario) -> None:
    scenario.simulated |= {"slow_share": 1.0, "slow_s": 0.9}


def _bad_pages(scenario: Scenario) -> None:
    """Without an export the lists decide, and the lists are short and repeat."""
    scenario.simulated |= {
        "missing_exports": [scenario.day.isoformat()],
        "short_pages": [2, 4],
        "repeated_pages": [3],
    }


def _bad_export(scenario: Scenario) -> None:
    kind = scenario.draw.choice(
        ["missing_exports", "truncated_exports", "corrupt_exports"]
    )
    scenario.simulated[kind] = [scenario.day.isoformat()]


def _bigquery_away(scenario: Scenario) -> None:
    """Refuse some calls; of others only the answer is lost, the work is done."""
    lock, left = threading.Lock(), iter(range(8))

    def ambush(call: Call, forward: Forward) -> Answer:
        with lock:
            is_struck = scenario.draw.random() < 0.25 and next(left, None) is not None  # noqa: PLR2004
            is_done = scenario.draw.random() < 0.5 and "/upload/" not in call.path  # noqa: PLR2004
        if not is_struck:
            return forward(call)
        if is_done:
            forward(call)
        return _AWAY

    scenario.proxy.ambush = ambush


def _quota(scenario: Scenario) -> None:
    """Refuse some calls for a while as BigQuery refuses a project in a hurry.

    Fewer than a message has deliveries: most refusals cost one, and a limit that lasts
    as long as all of them, about 2 hours in the cloud, dead-letters any message.
    """
    lock, left = threading.Lock(), iter(range(DELIVERIES - 1))

    def ambush(call: Call, forward: Forward) -> Answer:
        with lock:
            is_struck = scenario.draw.random() < 0.25 and next(left, None) is not None  # noqa: PLR2004
            reason, message = scenario.draw.choice(_USED_UP)
        if not is_struck:
            return forward(call)
        error = {"reason": reason, "message": message, "domain": "usageLimits"}
        body = {"code": 403, "message": message, "errors": [error]}
        return Answer(403, json.dumps({"error": body}).encode())

    scenario.proxy.ambush = ambush


def _visible_late(scenario: Scenario) -> None:
    """Take streamed rows at once, and show them seconds later, each request its own."""
    lock = threading.Lock()

    def show(call: Call, late_s: float) -> None:
        time.sleep(late_s)
        target = urlsplit(scenario.stack.bigquery_url).netloc
        connection = HTTPConnection(target, timeout=60)
        kept = {
            name: value
            for name, value in call.headers
            if name.lower() in ("content-type", "content-encoding")
        }
        try:
            connection.request(call.method, call.path, call.body, kept)
            connection.getresponse().read()
        finally:
            connection.close()

    def ambush(call: Call, forward: Forward) -> Answer:
        if "/insertAll" not in call.path:
            return forward(call)
        with lock:
            late_s = scenario.draw.uniform(0.2, 5.0)
            scenario.background(partial(show, call, late_s))
        return _TAKEN

    scenario.proxy.ambush = ambush
    scenario.is_late = True


def _expired(scenario: Scenario) -> None:
    """Drop what expires first once the run has ended, as 31 days later."""

    def look(status: Status) -> bool:
        if not scenario.is_expired and status["state"] in ENDED:
            began = datetime.combine(scenario.day, datetime_time(), UTC)
            later = began + timedelta(days=31)
            tables.expire_partitions(scenario.stack.client, later)
            scenario.is_expired = True
            return False
        return scenario.is_expired

    scenario.look = look


def _missed_tick(scenario: Scenario) -> None:
    """Let no tick come, and Scheduler's sweep after the hour find that out."""

    def deliver() -> None:
        moment = f"{scenario.day}T13:00:00Z"
        while scenario.push("ingest_changes", {"mode": "sweep"}, moment) != 200:  # noqa: PLR2004
            time.sleep(0.5)

    scenario.begin = partial(scenario.background, deliver)


def _storm_of_404(scenario: Scenario) -> None:
    start_s = scenario.draw.uniform(0, 1.5)
    scenario.simulated |= {"storm_404_start_s": start_s, "storm_404_s": 2.0}
    scenario.may_miss = True  # a batch that the storm only touches


def _bare_gzip(scenario: Scenario) -> None:
    scenario.simulated["bare_gzip_share"] = scenario.draw.choice([0.3, 1.0])


def _refused_rows(scenario: Scenario) -> None:
    refused = set(
        scenario.draw.sample(scenario.tracked[:40], scenario.draw.choice([1, 3]))
    )

    def ambush(call: Call, forward: Forward) -> Answer:
        if "/movie_details_raw/insertAll" not in call.path:
            return forward(call)
        body = json.loads(call.body)
        bad = [
            index
            for index, row in enumerate(body["rows"])
            if row["json"]["movie_id"] in refused
        ]
        body["rows"] = [r for i, r in enumerate(body["rows"]) if i not in bad]
        if body["rows"]:
            forward(call.with_body(json.dumps(body).encode()))
        reason = {"reason": "invalid", "location": "title", "message": "refused"}
        errors = [{"index": index, "errors": [reason]} for index in bad]
        return Answer(200, json.dumps({"insertErrors": errors}).encode())

    scenario.proxy.ambush = ambush
    scenario.failing |= refused


def _midnight(scenario: Scenario) -> None:
    """Kill the planner of a day's last tick, and let TMDB go on to the next day."""
    _kill(scenario, "ingest_changes", _loads("is_deleted"))

    def deliver() -> None:
        moment = f"{scenario.day}T23:59:59.9Z"
        while scenario.push("ingest_changes", {"mode": "daily"}, moment) != 200:  # noqa: PLR2004
            scenario.stack.steer_simulator(
                {"today": scenario.days[1].isoformat(), "time_of_day": "00:00:01"}
            )
            time.sleep(0.5)

    scenario.begin = partial(scenario.background, deliver)


def _nothing(_scenario: Scenario) -> None:
    """No fault, except the duplicates that every run has."""


FAULTS: Mapping[str, Fault] = {
    "none": _nothing,
    "killed before work": _killed_before_work,
    "killed between rows and marker": _killed_before_marker,
    "killed between marker and check": _killed_after_marker,
    "killed while planning": _killed_while_planning,
    "killed during metrics": _killed_during_metrics,
    "lost batch": _lost_batch,
    "batch later than the deadline": _late_batch,
    "three sweeps at once": _two_sweeps,
    "poison movies": _poison_movies,
    "poison messages": _poison_messages,
    "storm of 429": _storm,
    "TMDB outage": _outage,
    "slow TMDB": _slow,
    "short and repeated pages": _bad_pages,
    "export missing or damaged": _bad_export,
    "BigQuery 503": _bigquery_away,
    "rows refused": _refused_rows,
    "midnight during the run": _midnight,
    "rows visible late": _visible_late,
    "quota used up": _quota,
    "storm of 404": _storm_of_404,
    "gzip without a header": _bare_gzip,
    "missed tick": _missed_tick,
    "expired partitions": _expired,
}
