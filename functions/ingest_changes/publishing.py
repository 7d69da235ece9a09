"""Store the plan of a run, publish its messages, then record RUN_PLANNED.

In this order: a plan without RUN_PLANNED means that its planner is still running or has
crashed.
"""

import logging
from collections.abc import Sequence
from typing import Any

from functions.ingest_changes import tracking
from shared.clients import Clients
from shared.errors import RunBusyError
from shared.messages import INGEST_REQUESTS, MOVIE_BATCHES, IngestRequest, MovieBatch
from shared.runs import Batch, Event, Mode, Run, StoredPlan

log = logging.getLogger(__name__)

PLANNER_MAY_BE_ALIVE_S = 60.0
"""A younger plan may still be published by its planner, which takes seconds."""


def publish_new(
    run: Run, batches: Sequence[Batch], expected: int, clients: Clients
) -> dict[str, Any]:
    """Lock the run by storing its plan, then publish; RunBusyError if we came second.

    `expected` counts movies (times days, for a history).
    """
    if not clients.ledger.store_plan(run, batches):
        raise _busy(run)
    return _publish_planned(run, batches, expected, clients)


def resume(
    run: Run, stored: StoredPlan, expected: int, clients: Clients
) -> dict[str, Any]:
    """Finish a run that an earlier delivery has planned but not published."""
    # A sweep may have published what a crashed planner had not.
    if stored.is_published or not any(stored.missing()):
        return _summary(run, "already started", stored.batches, expected)
    if stored.age_s < PLANNER_MAY_BE_ALIVE_S:
        raise _busy(run)
    log.warning("run_resumed", extra={"run_id": run.run_id, "age_s": stored.age_s})
    _publish_planned(run, list(stored.missing()), expected, clients)
    return _summary(run, "resumed", stored.batches, expected)


def publish(run: Run, batches: Sequence[Batch], clients: Clients) -> None:
    """Publish a run's batches: export days of a history run, movies of any other.

    An initial run also requests its history.
    """
    topics = clients.topics
    if run.mode is Mode.HISTORY:
        days = (_day_request(run, batch).to_json() for batch in batches)
        topics.publish(INGEST_REQUESTS, days)
        return
    # From here on fetch_details requests TMDB too.
    clients.tmdb.pace(clients.settings.tmdb_share)
    movies = (MovieBatch.of(run, batch).to_json() for batch in batches)
    topics.publish(MOVIE_BATCHES, movies)
    if run.mode is Mode.INITIAL:
        history = IngestRequest(Mode.HISTORY, run.run_date)
        topics.publish(INGEST_REQUESTS, [history.to_json()])


def _day_request(run: Run, batch: Batch) -> IngestRequest:
    # A day that is requested alone is a run of its own.
    of_run = None if run.export_date else batch
    return IngestRequest(
        Mode.HISTORY_DAY, run.run_date, export_date=batch.export_date, batch=of_run
    )


def _publish_planned(
    run: Run, batches: Sequence[Batch], expected: int, clients: Clients
) -> dict[str, Any]:
    publish(run, batches, clients)
    batch_count = batches[0].batch_count if batches else 0
    planned: dict[str, Any] = {"batch_count": batch_count, "expected": expected}
    if run.mode is not Mode.HISTORY and expected >= clients.settings.details_per_day:
        # Others may be tracked besides, and then their popularity is counted too.
        planned["tracked"] = tracking.count(run.run_date, clients.tables)
    clients.ledger.record(run, [(Event.RUN_PLANNED, planned)])
    log.info("run_planned", extra={"run_id": run.run_id, **planned})
    return _summary(run, "started", batches, expected)


def _summary(
    run: Run, status: str, batches: Sequence[Batch], movies: int
) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "status": status,
        "batches": len(batches),
        "movies": movies,
    }


def _busy(run: Run) -> RunBusyError:
    return RunBusyError(
        f"{run.run_id} is being planned by another delivery",
        field="run_date",
        hint="wait a minute; asking again is harmless",
    )
