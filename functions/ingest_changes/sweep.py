"""Sweep: every run that has not ended in, what it needs to end out.

The fast path is each batch's own look at its run after its marker; this is the
certainty. Complete: request the metrics. Stalled: publish the missing batches again,
at most 3 times. Past its deadline: close it with what it has, and compute that.
"""

import logging
from collections import Counter
from datetime import date
from enum import StrEnum
from time import monotonic
from typing import Any

from functions.ingest_changes import details, history
from functions.ingest_changes.world import World
from shared.completion import request_metrics
from shared.runs import Event, Mode, OpenRun, Run

log = logging.getLogger(__name__)

MOST_REPUBLICATIONS = 3


class Need(StrEnum):
    """What a run needs, and the word for it in the answer."""

    METRICS = "requested"
    MISSING_BATCHES = "republished"
    END = "closed"
    NOTHING = "left alone"


def need(run: OpenRun, stalled_s: float, deadline_s: float) -> Need:
    """Decide by what is visible of a run. Pure."""
    if run.is_due:
        asked = run.requested_s_ago if run.is_metrics_requested else None
        is_waiting = asked is not None and asked < stalled_s
        return Need.NOTHING if is_waiting else Need.METRICS
    if run.age_s >= deadline_s and not run.is_closed:
        return Need.END
    is_missing = run.batches_done < run.batches_total
    if run.quiet_s >= stalled_s and is_missing and not run.is_closed:
        return (
            Need.MISSING_BATCHES
            if run.republished < MOST_REPUBLICATIONS
            else Need.NOTHING
        )
    return Need.NOTHING


def sweep(day: date, world: World) -> dict[str, Any]:
    """Give every open run up to a day what it needs; the answer counts it."""
    began = monotonic()
    done: Counter[Need] = Counter()
    for open_run in world.ledger.open_runs(day):
        what = need(open_run, world.run_stalled_s, world.run_deadline_s)
        run = Run.from_id(open_run.run_id)
        match what:
            case Need.METRICS:
                request_metrics(run, world.ledger, world.topics)
            case Need.MISSING_BATCHES:
                _republish(run, world)
            case Need.END:
                _close(run, open_run, world)
            case Need.NOTHING:
                pass
        done[what] += 1
        if what is not Need.NOTHING:
            log.warning("run_swept", extra={"run_id": run.run_id, "need": what.value})
    counts = {what.value: done[what] for what in Need}
    said = {name.replace(" ", "_"): count for name, count in counts.items()}
    seconds = monotonic() - began
    log.info("swept", extra={"day": day.isoformat(), **said, "seconds": seconds})
    return {"status": "swept", **counts}


def _republish(run: Run, world: World) -> None:
    plan = world.ledger.stored_plan(run)
    missing = list(plan.missing()) if plan else []
    if run.mode is Mode.HISTORY:
        history.publish(run, missing, world)
    else:
        details.publish(run, missing, world)
    world.ledger.record(run, [(Event.RUN_REPUBLISHED, {"batch_count": len(missing)})])


def _close(run: Run, seen: OpenRun, world: World) -> None:
    missing = seen.batches_total - seen.batches_done
    reason = (
        f"{missing} of {seen.batches_total} batches are missing, "
        f"{seen.fetched} of {seen.expected} movies were fetched in {seen.age_s:.0f} s"
    )
    world.ledger.record(run, [(Event.RUN_CLOSED, {"reason": reason})])
    log.error("run_closed", extra={"run_id": run.run_id, "reason": reason})
    if seen.fetched:
        request_metrics(run, world.ledger, world.topics)
