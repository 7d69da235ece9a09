"""compute_metrics: a complete run or a range of days in, its metrics published.

Pub/Sub metrics-requests -> sql/NN_*.sql in order, sql/views -> movies,
movie_daily_snapshots, movie_metrics_aggregated, ingestion_log
"""

import logging
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.compute_metrics import statements
from shared import bigquery, logs, pubsub
from shared.config import Platform, Settings
from shared.delivery import Delivery, answer
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from shared.once import once
from shared.ports import Tables, Topics
from shared.runs import Event, Run

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    """What the function reads and writes."""

    tables: Tables
    ledger: Ledger
    topics: Topics


@once  # per instance: warm starts reuse connections
def connect() -> World:
    """Open every connection; a missing setting is a KeyError that names it."""
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    tables = bigquery.connect(settings, platform)
    return World(tables, Ledger(tables, platform.revision), pubsub.connect(settings))


@functions_framework.http
def compute_metrics(request: Request) -> ResponseReturnValue:
    """2xx acknowledges the delivery; a TransientError asks Pub/Sub for it again."""
    world = connect()
    return answer(
        request,
        MetricsRequest.from_json,
        lambda message, delivery: run(message, delivery, world),
        world.topics,
    )


def run(request: MetricsRequest, delivery: Delivery, world: World) -> dict[str, Any]:
    """Run every statement for the request's days, then record the run as published."""
    began = monotonic()
    of_run = Run.from_id(request.run_id) if request.run_id else None
    from_date, to_date = request.from_date, request.to_date
    if of_run:
        status = world.ledger.status(of_run)
        if status and status.is_published:
            return {"run_id": of_run.run_id, "status": "already published"}
        from_date, to_date = world.ledger.metrics_range(of_run)
    counts = {"written": 0, "bytes_billed": 0}
    make_views(world.tables)
    for statement in statements.daily():
        written, billed = world.tables.execute(
            statement.sql, from_date=from_date, to_date=to_date
        )
        counts["written"] += written
        counts["bytes_billed"] += billed
    made = {**counts, "seconds": monotonic() - began}
    if of_run:
        about = {"message_id": delivery.id, "delivery_attempt": delivery.attempt}
        world.ledger.record(of_run, [(Event.METRICS_DONE, made | about)])
    summary = {
        "run_id": request.run_id,
        "from": from_date.isoformat(),
        "to": to_date.isoformat(),
        **made,
    }
    log.info("metrics_published", extra=summary)
    return {"status": "published", **summary}


@cache  # once per instance: a deployment starts new instances
def make_views(tables: Tables) -> None:
    """Create or replace every view, each after those it reads."""
    for view in statements.views():
        tables.execute(view.sql)
