"""BigQuery away, at its quota, late to show rows, or refusing some."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta
from datetime import time as datetime_time
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

from benchmarks.fault_injection.proxy import Answer, Call, Forward
from benchmarks.fault_injection.scenario import DELIVERIES, Scenario
from local import tables
from local.run_states import RunState
from shared.runs import ENDED

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


def away(scenario: Scenario) -> None:
    """Refuse some calls; of others only the answer is lost, the work is done.

    Fewer than a message has deliveries: a query whose answer is lost costs one, because
    the emulator refuses its repetition, which BigQuery would answer.
    """
    lock, left = threading.Lock(), iter(range(DELIVERIES - 1))

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


def quota(scenario: Scenario) -> None:
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


def visible_late(scenario: Scenario) -> None:
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


def refused_rows(scenario: Scenario) -> None:
    """Refuse the rows of one movie or three, whoever sends them."""
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


def expired(scenario: Scenario) -> None:
    """Drop what expires first once the run has ended, as 31 days later."""

    def look(status: RunState) -> bool:
        if not scenario.is_expired and status["state"] in ENDED:
            began = datetime.combine(scenario.day, datetime_time(), UTC)
            later = began + timedelta(days=31)
            tables.expire_partitions(scenario.stack.client, later)
            scenario.is_expired = True
            return False
        return scenario.is_expired

    scenario.look = look
