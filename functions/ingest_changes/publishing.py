"""Publishing: a stored plan comes in, its messages and RUN_PLANNED go out.

The plan is stored before anything is published, and RUN_PLANNED recorded after all
of it is: whoever finds a plan without RUN_PLANNED knows that its planner is still at
work, or died.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from functions.ingest_changes.world import World
from shared.errors import RunBusyError
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Batch, Event, Mode, Run, StoredPlan

log = logging.getLogger(__name__)

PLANNER_MAY_BE_ALIVE_S = 60.0
"""Younger plans are left to whoever made them: publishing takes seconds."""

type Publish = Callable[[Sequence[Batch]], None]


def publish_new(
    run: Run, batches: Sequence[Batch], expected: int, publish: Publish, world: World
) -> dict[str, Any]:
    """Lock the run by storing its plan, then publish; RunBusyError if we came second.

    `expected` counts movies (times days, for a history).
    """
    if not world.ledger.store_plan(run, batches):
        raise _busy(run)
    return _publish(run, batches, expected, publish, world)


def resume(
    run: Run, stored: StoredPlan, expected: int, publish: Publish, world: World
) -> dict[str, Any]:
    """Finish what an earlier delivery of the same run began, if it did not."""
    # A sweep may have published what a dead planner did not: then nothing is left.
    if stored.is_published or not any(stored.missing()):
        return _summary(run, "already started", stored.batches, expected)
    if stored.age_s < PLANNER_MAY_BE_ALIVE_S:
        raise _busy(run)
    log.warning("run_resumed", extra={"run_id": run.run_id, "age_s": stored.age_s})
    _publish(run, list(stored.missing()), expected, publish, world)
    return _summary(run, "resumed", stored.batches, expected)


def publish_days(run: Run, batches: Sequence[Batch], world: World) -> None:
    """Publish one request per export day."""
    days = (
        IngestRequest(
            Mode.HISTORY,
            run.run_date,
            export_date=batch.export_date,
            # A day asked for alone is a run of its own.
            batch=None if run.export_date else batch,
        )
        for batch in batches
    )
    world.topics.publish(INGEST_REQUESTS, (day.to_json() for day in days))


def _publish(
    run: Run,
    batches: Sequence[Batch],
    expected: int,
    publish: Publish,
    world: World,
) -> dict[str, Any]:
    publish(batches)
    batch_count = batches[0].batch_count if batches else 0
    planned: Mapping[str, Any] = {"batch_count": batch_count, "expected": expected}
    world.ledger.record(run, [(Event.RUN_PLANNED, planned)])
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
        remedy="wait a minute; asking again is harmless",
    )
