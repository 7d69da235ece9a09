"""compute_metrics: a complete run or a range of days in, its metrics published.

A request for the views only, which `make deploy` sends, makes those and ends.

Pub/Sub metrics-requests -> sql/NN_*.sql in order, sql/views, sql/checks, sql/gate ->
movies, movie_daily_snapshots, catalogue_days, movie_viral_signals,
movie_metrics_aggregated, ingestion_log
"""

import logging
from dataclasses import dataclass
from datetime import date
from functools import cache
from time import monotonic
from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.compute_metrics import breakouts, checks, statements
from functions.compute_metrics.checks import Finding, Severity
from shared import bigquery, clock, logs, pubsub
from shared.config import Platform, Settings
from shared.delivery import Delivery, answer
from shared.ledger import Ledger
from shared.messages import MetricsRequest, ViewsRequest, metrics_request
from shared.once import once
from shared.ports import Tables, Topics
from shared.runs import Event, Run, RunStatus

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
        metrics_request,
        lambda message, delivery: run(message, delivery, world),
        world.topics,
    )


def run(
    request: MetricsRequest | ViewsRequest, delivery: Delivery, world: World
) -> dict[str, Any]:
    """Make the views; run every statement for the request's days and publish them."""
    if isinstance(request, ViewsRequest):
        make_views(world.tables)
        return {"status": "views made", "views": len(statements.views())}
    return _compute(request, delivery, world)


def _compute(
    request: MetricsRequest, delivery: Delivery, world: World
) -> dict[str, Any]:
    """Run every statement for the request's days, check them, publish what is fit."""
    began = monotonic()
    of_run = Run.from_id(request.run_id) if request.run_id else None
    from_date, to_date = request.from_date, request.to_date
    status = None
    if of_run and not of_run.mode.publishes_days:
        return {"run_id": of_run.run_id, "status": "publishes no day"}
    if of_run:
        status = world.ledger.status(of_run)
        if status and status.is_published:
            return {"run_id": of_run.run_id, "status": "already published"}
        from_date, to_date = world.ledger.metrics_range(of_run)
    counts = {"written": 0, "bytes_billed": 0}
    make_views_once(world.tables)
    for statement in statements.daily():
        written, billed = world.tables.execute(
            statement.sql, from_date=from_date, to_date=to_date
        )
        counts["written"] += written
        counts["bytes_billed"] += billed
    failed = check_and_publish(world.tables, from_date, to_date)
    made = {**counts, "seconds": monotonic() - began}
    if of_run:
        about = {"message_id": delivery.id, "delivery_attempt": delivery.attempt}
        why = {"seconds": made["seconds"], **about}
        events = [
            (Event.CHECK_FAILED, {"reason": str(one), **why}) for one in failed
        ] or [(Event.METRICS_DONE, made | about)]
        world.ledger.record(of_run, events)
    summary = {
        "run_id": request.run_id,
        "from": from_date.isoformat(),
        "to": to_date.isoformat(),
        **made,
        **(_of_run(status) if status else {}),
    }
    if failed:
        log.error("metrics_withheld", extra=summary)
        reasons = [str(one) for one in failed]
        return {"status": "withheld", "failed_checks": reasons, **summary}
    is_enough = status is None or status.is_covered
    log.log(
        logging.INFO if is_enough else logging.ERROR, "metrics_published", extra=summary
    )
    # A late batch publishes a run again: its breakouts are told already.
    if of_run and not (status and status.ended_at):
        breakouts.announce(of_run, world.tables)
    return {"status": "published", **summary}


def _of_run(status: RunStatus) -> dict[str, Any]:
    """Say how good the run was and how long it took, from its plan to this moment."""
    return {
        "coverage": status.coverage,
        "is_covered": status.is_covered,
        "run_seconds": (clock.now() - status.started_at).total_seconds(),
    }


def check_and_publish(tables: Tables, from_date: date, to_date: date) -> list[Finding]:
    """Publish the days that pass and withhold the others; return what failed them."""
    all_checks = checks.read()
    rows = tables.select(
        checks.as_one_query(all_checks), from_date=from_date, to_date=to_date
    )
    found = checks.findings(all_checks, rows)
    for one in found:
        is_failed = one.severity is Severity.FAIL
        log.log(
            logging.ERROR if is_failed else logging.WARNING,
            "check_failed" if is_failed else "check_warned",
            extra={
                "check": one.check,
                "day": one.day.isoformat(),
                "rows": one.rows,
                "examples": list(one.examples),
            },
        )
    gate = statements.gate()
    for start, end, is_fit in checks.spans(
        from_date, to_date, checks.unfit_days(found)
    ):
        statement = gate["publish" if is_fit else "withhold"]
        tables.execute(statement.sql, from_date=start, to_date=end)
    return [one for one in found if one.severity is Severity.FAIL]


@cache
def make_views_once(tables: Tables) -> None:
    """Make the views once per instance: a deployment starts new instances."""
    make_views(tables)


def make_views(tables: Tables) -> None:
    """Create or replace every view, each after those it reads."""
    for view in statements.views():
        tables.execute(view.sql)
