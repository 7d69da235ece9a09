"""A daily run on the local stack, with a proxy between each function and BigQuery."""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from google.cloud import bigquery

from benchmarks.daily_run.spans import Span, kind_of, work
from benchmarks.fault_injection.proxy import Answer, Call, Forward, Proxy
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from local.tables import DATASET
from shared.runs import Mode, Run

_FIRST_DAY = date(2026, 6, 1)
_TIMEOUT_S = 600.0
_LEDGER = f"""
SELECT event, logged_at, seconds
FROM {DATASET}.ingestion_log
WHERE run_id = @run_id AND run_date = @run_date
"""


class _Calls:
    """What the functions have asked of BigQuery, while `is_on`."""

    def __init__(self) -> None:
        self.is_on = False
        self.spans: list[Span] = []
        self._lock = threading.Lock()

    def ambush(self, call: Call, forward: Forward) -> Answer:
        began_at = datetime.now(UTC)
        try:
            return forward(call)
        finally:
            ended_at = datetime.now(UTC)
            with self._lock:
                if self.is_on:
                    kind = kind_of_call(call.method, call.path, call.body)
                    self.spans.append(Span(call.function, began_at, ended_at, kind))


def kind_of_call(method: str, path: str, body: bytes) -> str:
    """Return what a request of BigQuery's API asks for."""
    parts = urlsplit(path).path.strip("/").split("/")
    if parts[-1] == "insertAll":
        return f"append to {parts[-2]}"
    if method == "POST" and parts[-1] in ("queries", "jobs") and parts[0] != "upload":
        request = json.loads(body)
        query = request.get("configuration", request).get("query", "")
        return kind_of(query["query"] if isinstance(query, dict) else query)
    if parts[0] == "upload":
        return "load"
    if "jobs" in parts or "queries" in parts:
        return "state or result of a job"
    return f"{method} {parts[-2]}"


def days(
    data: Path, movies: int, count: int
) -> Iterator[tuple[list[Span], list[Span]]]:
    """Load the first day, then yield each following day: its work and its queries."""
    calls, proxy = _Calls(), Proxy()
    proxy.ambush = calls.ambush
    options = Options(
        settings={"TRACKED_MOVIES": str(movies), "HISTORY_DAYS": "10"},
        simulator=(f"--today={_FIRST_DAY}",),
        before_bigquery=proxy.between,
    )
    with Stack(data, options) as stack:
        _run(stack, Run(Mode.INITIAL, _FIRST_DAY))
        for number in range(1, count + 1):
            day = _FIRST_DAY + timedelta(days=number)
            stack.set_today(day)
            run = Run(Mode.DAILY, day)
            with _counted(calls):
                _run(stack, run)
            yield work(_ledger(stack.client, run)), calls.spans


@contextmanager
def _counted(calls: _Calls) -> Iterator[None]:
    calls.spans, calls.is_on = [], True
    yield
    time.sleep(1.0)  # a function may ask once more after its last event
    calls.is_on = False


def _run(stack: Stack, run: Run) -> None:
    body: Mapping[str, Any] = {"mode": run.mode, "run_date": run.run_date.isoformat()}
    status, answer = stack.call("ingest_changes", body)
    if status != HTTPStatus.OK:
        sys.exit(f"ingest_changes answered {status}: {answer}")
    wait_until_published(stack.tables, [run.run_id], _TIMEOUT_S)


def _ledger(client: bigquery.Client, run: Run) -> list[dict[str, Any]]:
    parameters = [
        bigquery.ScalarQueryParameter("run_id", "STRING", run.run_id),
        bigquery.ScalarQueryParameter("run_date", "DATE", run.run_date),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    rows = client.query_and_wait(_LEDGER, job_config=config)
    return [dict(row.items()) for row in rows]
