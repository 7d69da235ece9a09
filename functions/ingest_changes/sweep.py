"""Repair every run that has not ended, and start the runs that are missing.

Normally the last batch of a run completes it; the sweep covers all other cases. A
complete run: request its metrics, at most 3 times. A stalled run: republish its missing
batches, at most 3 times. A run past its deadline: close it with what it has, and
compute that. A day without a daily run gets one, and a day whose run came before its
export gets the export. An error in one run does not affect the others.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from time import monotonic
from typing import Any

from functions.ingest_changes.publishing import publish
from shared.clients import Clients
from shared.completion import request_metrics
from shared.errors import PermanentError, TmdbUnavailableError, TransientError
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Batch, Event, Mode, OpenRun, Run

log = logging.getLogger(__name__)

MOST_REPUBLICATIONS = 3
MOST_METRICS_REQUESTS = 3
DAILY_RUN_DUE = time(13, tzinfo=UTC)
"""From this UTC hour a day without a daily run gets one: 4 hours after Scheduler's
request, which by then was delivered 20 times or is a dead letter. From this hour also,
a day without its export, which TMDB publishes at about 08:00, gets it."""
REQUEST_AGAIN_AFTER = timedelta(hours=2)
"""A request without a plan (TMDB rejects the token, say) is repeated after this."""


class Need(StrEnum):
    """What a run needs; the value is its name in the answer."""

    METRICS = "requested"
    MISSING_BATCHES = "republished"
    END = "closed"
    FAILURE = "failed"
    NOTHING = "unchanged"


def need(run: OpenRun, stalled_s: float, deadline_s: float) -> Need:
    """Decide what a run needs, by what is visible of it. Pure."""
    if run.is_due:
        since_request_s = run.requested_s_ago if run.is_metrics_requested else None
        if since_request_s is not None and since_request_s < stalled_s:
            return Need.NOTHING
        is_requested_enough = run.metrics_requests >= MOST_METRICS_REQUESTS
        return Need.FAILURE if is_requested_enough else Need.METRICS
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


def sweep(
    request: IngestRequest, published_at: datetime, clients: Clients
) -> dict[str, Any]:
    """Repair every open run up to a day; the answer counts the repairs.

    TransientError at the end if any of them failed for a transient reason.
    """
    began = monotonic()
    day = request.run_date or published_at.date()
    done: Counter[str] = Counter({need.value: 0 for need in Need})
    troubles: list[Exception] = []
    for open_run in clients.ledger.open_runs(day):
        what = need(
            open_run, clients.settings.run_stalled_s, clients.settings.run_deadline_s
        )
        try:
            _give(what, open_run, clients)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            troubles.append(_logged(open_run.run_id, error))
        else:
            done[what.value] += 1
    # A named day may be past: only Scheduler's own sweep starts runs.
    if request.run_date is None:
        done["started"] = _start_what_is_missing(published_at, clients)
    counts = {**done, "troubled": len(troubles)}
    fields = {name.replace(" ", "_"): count for name, count in counts.items()}
    seconds = monotonic() - began
    log.info("swept", extra={"day": day.isoformat(), **fields, "seconds": seconds})
    _raise_the_worst(troubles)
    return {"status": "swept", **counts}


def _give(what: Need, open_run: OpenRun, clients: Clients) -> None:
    run = Run.from_id(open_run.run_id)
    match what:
        case Need.METRICS:
            request_metrics(run, clients.ledger, clients.topics)
        case Need.MISSING_BATCHES:
            _republish(run, clients)
        case Need.END:
            _close(run, open_run, clients)
        case Need.FAILURE:
            _fail(run, open_run, clients)
        case Need.NOTHING:
            return
    log.warning("run_swept", extra={"run_id": run.run_id, "need": what.value})


def _logged(run_id: str, error: Exception) -> Exception:
    is_passing = isinstance(error, TransientError)
    log.log(
        logging.WARNING if is_passing else logging.ERROR,
        "run_not_swept",
        extra={"run_id": run_id, "reason": f"{type(error).__name__}: {error}"},
        exc_info=None if is_passing else error,
    )
    return error


def _raise_the_worst(troubles: Sequence[Exception]) -> None:
    """Raise an error that must be seen or is transient; the next sweep retries."""
    for error in troubles:
        if not isinstance(error, (TransientError, PermanentError)):
            raise error
    for error in troubles:
        if isinstance(error, TransientError):
            raise error


def _start_what_is_missing(published_at: datetime, clients: Clients) -> int:
    """Request the day's missing daily run or export; return how many requests."""
    day = published_at.date()
    if published_at < datetime.combine(day, DAILY_RUN_DUE):
        return 0
    missed = clients.ledger.missed_day(day, clients.settings.details_per_day)
    if missed.is_without_export:
        return _request_export(day, clients)
    if missed.is_planned or not missed.is_tracking:
        return 0
    if missed.requested_at and published_at - missed.requested_at < REQUEST_AGAIN_AFTER:
        return 0
    run = Run(Mode.DAILY, day)
    clients.topics.publish(INGEST_REQUESTS, [IngestRequest(Mode.DAILY, day).to_json()])
    clients.ledger.record(
        run, [(Event.RUN_REQUESTED, {"reason": "no tick made a plan"})]
    )
    log.warning("missed_run_requested", extra={"run_id": run.run_id})
    return 1


def _request_export(day: date, clients: Clients) -> int:
    """Request a published day's export when TMDB has it; return how many were.

    Only once, because the request makes a plan. Later daily runs request it again.
    """
    try:
        if not clients.tmdb.has_export(day):
            return 0
    except TmdbUnavailableError as error:
        log.warning("export_not_looked_for", extra={"day": day, **error.to_json()})
        return 0
    run = Run(Mode.HISTORY, day, day)
    publish(run, [Batch(1, 1, export_date=day)], clients)
    log.warning("late_export_requested", extra={"run_id": run.run_id})
    return 1


def _republish(run: Run, clients: Clients) -> None:
    plan = clients.ledger.stored_plan(run)
    missing = list(plan.missing()) if plan else []
    publish(run, missing, clients)
    clients.ledger.record(run, [(Event.RUN_REPUBLISHED, {"batch_count": len(missing)})])


def _close(run: Run, seen: OpenRun, clients: Clients) -> None:
    missing = seen.batches_total - seen.batches_done
    reason = (
        f"{missing} of {seen.batches_total} batches are missing, "
        f"{seen.fetched} of {seen.expected} movies were fetched in {seen.age_s:.0f} s"
    )
    clients.ledger.record(run, [(Event.RUN_CLOSED, {"reason": reason})])
    log.error("run_closed", extra={"run_id": run.run_id, "reason": reason})
    if seen.fetched and run.mode.publishes_days:
        request_metrics(run, clients.ledger, clients.topics)


def _fail(run: Run, seen: OpenRun, clients: Clients) -> None:
    reason = (
        f"metrics were requested {seen.metrics_requests} times, the last "
        f"{seen.requested_s_ago or 0:.0f} s ago, and were not published; see the "
        "errors of compute-metrics and the dead letters"
    )
    clients.ledger.record(run, [(Event.METRICS_FAILED, {"reason": reason})])
    log.error("run_closed", extra={"run_id": run.run_id, "reason": reason})
