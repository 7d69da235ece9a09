"""The runs of a smoke test: start two on a deployment, and check their results."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from google.api_core.exceptions import DeadlineExceeded
from google.cloud.pubsub_v1 import SubscriberClient

from cli.environment import open_deployment
from cli.options import DATA, Selector
from cli.output import Finding
from functions.compute_metrics import checks
from shared import sql_files
from shared.errors import PipelineError
from shared.interfaces import Tables, Topics
from shared.ledger import Ledger
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Mode, Run

MOVIES = 20
TRACKED = """
SELECT COUNT(*) AS tracked FROM tmdb_analytics.tracked_movies WHERE retired_on IS NULL
"""
ALMOST_ALL = 0.99
"""The coverage threshold of a run: one missing of 20 is a failure."""
ASK_EVERY_S = 10.0
PULL_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A running pipeline: its tables, its topics, and its dead letters.

    dead_letters_since: returns how many dead letters there are since a moment.
    is_metered: whether BigQuery counts the bytes it bills; the emulator does not.
    """

    tables: Tables
    topics: Topics
    dead_letters_since: Callable[[datetime], int]
    is_metered: bool = False


@contextmanager
def opened(names: Mapping[str, str]) -> Iterator[Pipeline]:
    """Open what Terraform's output `names` names."""
    selector = Selector.of(names["project_id"], names["dataset"], names["prefix"], DATA)
    with open_deployment(selector) as deployment:
        yield Pipeline(
            deployment.tables,
            deployment.topics,
            lambda moment: _waiting(names["dead_letters"], moment),
            is_metered=deployment.is_metered,
        )


def prove(
    pipeline: Pipeline,
    day: date,
    *,
    timeout_s: float,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Finding]:
    """Start the day's runs, wait for each, and check their results."""
    began = datetime.now(UTC)
    deadline = time.monotonic() + timeout_s
    daily = Run(Mode.DAILY, day)
    [tracked] = pipeline.tables.select(TRACKED)
    findings = []
    runs = (daily, Run(Mode.HISTORY, day, day - timedelta(days=1)))
    requested = requests(day, is_loaded=tracked["tracked"] > 0)
    for request, run in zip(requested, runs, strict=True):
        pipeline.topics.publish(INGEST_REQUESTS, [request.to_json()])
        state = _wait(pipeline.tables, run, deadline, sleep)
        findings.append(_of_run(run.mode, state))
    counts = _counts(pipeline.tables, day)
    for name, count in counts.items():
        findings.append(
            Finding(
                name,
                count >= MOVIES * ALMOST_ALL,
                f"{count} movies",
                "see the functions' logs: terraform output links",
            )
        )
    findings += [
        _views(pipeline.tables),
        _checks(pipeline.tables, day),
        _bytes_billed(pipeline, daily),
    ]
    parked = pipeline.dead_letters_since(began)
    findings.append(
        Finding(
            "dead letters",
            parked == 0,
            f"{parked} new",
            "tmdb-traction dead-letters",
        )
    )
    return findings


def requests(day: date, *, is_loaded: bool) -> list[IngestRequest]:
    """Return the requests: the daily run, and a day of history."""
    # A loaded deployment keeps its own number, so no limit is sent.
    limit = None if is_loaded else MOVIES
    yesterday = day - timedelta(days=1)
    return [
        IngestRequest(Mode.DAILY, run_date=day, limit=limit),
        IngestRequest(Mode.HISTORY_DAY, run_date=day, export_date=yesterday),
    ]


def _wait(
    tables: Tables, run: Run, deadline: float, sleep: Callable[[float], None]
) -> dict[str, Any]:
    """Return the run's progress once it is published, or when time is up."""
    ledger = Ledger(tables, code_version="smoke")
    while True:
        status = ledger.status(run)
        if (status and status.is_published) or time.monotonic() >= deadline:
            return {
                "run_id": run.run_id,
                "is_published": bool(status and status.is_published),
                "done": status.batches_done if status else 0,
                "total": status.batches_total if status else 0,
            }
        sleep(ASK_EVERY_S)


def _of_run(mode: Mode, state: dict[str, Any]) -> Finding:
    done = f"{state['done']} of {state['total']} batches"
    outcome = "published" if state["is_published"] else "not published in time"
    return Finding(
        f"{mode} run",
        state["is_published"],
        f"{state['run_id']}: {outcome}, {done}",
        "tmdb-traction status; no such run at all means that "
        "the push or the build failed: see the functions' logs",
    )


def _counts(tables: Tables, day: date) -> dict[str, int]:
    """Count the day's movies in each table that people query."""
    counted = tables.select(
        """
        SELECT 'descriptions' AS name, COUNT(DISTINCT movie_id) AS movies
        FROM tmdb_analytics.movies
        UNION ALL
        SELECT 'snapshots', COUNT(DISTINCT movie_id)
        FROM tmdb_analytics.movie_daily_snapshots
        WHERE snapshot_date = @day
        UNION ALL
        SELECT 'metrics', COUNT(DISTINCT movie_id)
        FROM tmdb_analytics.movie_metrics_aggregated
        WHERE calculation_date = @day
        ORDER BY name
        """,
        day=day,
    )
    return {row["name"]: row["movies"] for row in counted}


def _views(tables: Tables) -> Finding:
    """Read a row of every view, which tests its SQL and our permissions."""
    names = [view.name for view in sql_files.views()]
    refused: list[str] = []
    for name in names:
        try:
            tables.select(
                f"SELECT 1 AS one FROM tmdb_analytics.{_made_by(name)} LIMIT 1"
            )
        except PipelineError as error:
            refused.append(f"{name}: {error.reason.splitlines()[0]}")
    message = "; ".join(refused) or f"{len(names)} answer"
    return Finding("views", not refused, message, "`make deploy` creates them")


def _made_by(name: str) -> str:
    """Return the view that a file makes: its name, without a number before it."""
    return name.lstrip("0123456789").lstrip("_")


def _checks(tables: Tables, day: date) -> Finding:
    every = checks.read()
    rows = tables.select(checks.as_one_query(every), from_date=day, to_date=day)
    failed = [one for one in checks.findings(rows) if one.is_failure]
    message = "; ".join(map(str, failed)) or f"{len(every)} find nothing"
    return Finding(
        "checks", not failed, message, f"tmdb-traction validate --from {day}"
    )


def _bytes_billed(pipeline: Pipeline, run: Run) -> Finding:
    """Read what BigQuery billed for the run's metrics."""
    [row] = pipeline.tables.select(
        """
        SELECT COALESCE(SUM(bytes_billed), 0) AS billed
        FROM tmdb_analytics.ingestion_log
        WHERE run_id = @run_id AND run_date = @day
        """,
        run_id=run.run_id,
        day=run.run_date,
    )
    billed = int(row["billed"])
    if not pipeline.is_metered:
        return Finding("bytes billed", ok=True, message="the emulator counts none")
    message = f"{billed / 1024**2:,.0f} MiB for the run's metrics"
    return Finding(
        "bytes billed", billed > 0, message, "the run has no METRICS_DONE yet"
    )


def _waiting(subscription: str, since: datetime) -> int:
    """Count messages in a subscription without taking them."""
    with SubscriberClient() as client:
        try:
            reply = client.pull(
                subscription=subscription, max_messages=1_000, timeout=PULL_TIMEOUT_S
            )
        except DeadlineExceeded:
            return 0  # a pull of an empty subscription waits
        received = list(reply.received_messages)
        if ids := [item.ack_id for item in received]:
            client.modify_ack_deadline(
                subscription=subscription, ack_ids=ids, ack_deadline_seconds=0
            )
    return sum(item.message.publish_time >= since for item in received)
