"""Load popularity of past days from the exports, for tracked and nearby movies.

`history` plans a run and publishes one `history_day` message per export day, on the
topic it came from; `history_day` loads one day. If a day's export is missing or
damaged, that is recorded and the run continues.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from time import monotonic
from typing import Any

from functions.ingest_changes import tracking
from functions.ingest_changes.plan import Tracked, band_of, history_days
from functions.ingest_changes.popularity import store_popularity
from functions.ingest_changes.publishing import publish, publish_new, resume
from functions.ingest_changes.start_run import (
    NOTHING_TRACKED,
    nothing_to_do,
)
from functions.ingest_changes.survey import Popularity, survey
from shared.clients import Clients
from shared.completion import complete
from shared.delivery import Delivery
from shared.interfaces import Tables
from shared.messages import IngestRequest
from shared.recent import Recent
from shared.runs import Batch, Event, Mode, Run, cut_into_days
from shared.tmdb import ExportDamagedError, ExportMissingError, ExportNotYetError

log = logging.getLogger(__name__)


def start(run_date: date, clients: Clients) -> dict[str, Any]:
    """Plan one batch per export day and publish them."""
    run = Run(Mode.HISTORY, run_date)
    expected = _tracked(run_date, clients).count

    wanted = history_days(run_date, clients.settings.history_days)
    if stored := clients.ledger.stored_plan(run):
        loaded = clients.ledger.export_days(wanted[0], wanted[-1])
        there = {batch.export_date for batch in stored.batches}
        there |= {export.day for export in loaded if export.is_loaded}
        _publish_alone(run, [day for day in wanted if day not in there], clients)
        return resume(run, stored, expected * len(stored.batches), clients)
    if not expected:
        return nothing_to_do(run, NOTHING_TRACKED, clients)
    batches = cut_into_days(wanted)
    return publish_new(run, batches, expected * len(batches), clients)


def _publish_alone(run: Run, days: Sequence[date], clients: Clients) -> None:
    """Request days that the day's history run lacks, each as a run of its own.

    A daily run may have planned that run before, for days that it had missed. What an
    earlier run has loaded covers a band wider than the tracked movies.
    """
    for day in days:
        alone = Run(Mode.HISTORY, run.run_date, day)
        publish(alone, [Batch(1, 1, export_date=day)], clients)


def load_day(
    request: IngestRequest,
    day: date,
    run_date: date,
    delivery: Delivery,
    clients: Clients,
) -> dict[str, Any]:
    """Load one export day, as a part of a history run or as a run of its own."""
    if request.batch:
        run, batch = Run(Mode.HISTORY, run_date), request.batch
    else:
        run, batch = Run(Mode.HISTORY, run_date, day), Batch(1, 1, export_date=day)
        if not _tracked(run_date, clients).count:
            return nothing_to_do(run, NOTHING_TRACKED, clients)
        clients.ledger.store_plan(run, [batch])
    loaded: list[Mapping[str, Any]] = []
    is_done = complete(
        run,
        batch.batch_no,
        batch.batch_count,
        delivery,
        clients,
        lambda: loaded.append(_load_and_mark(run, batch, day, delivery, clients)),
    )
    return {
        "run_id": run.run_id,
        "status": "already done" if is_done else "done",
        "batches": 1,
        "movies": sum(counts["fetched"] for counts in loaded),
    }


def _load_and_mark(
    run: Run, batch: Batch, day: date, delivery: Delivery, clients: Clients
) -> Mapping[str, Any]:
    """Load the day and record its marker; return the marker's counts."""
    is_last = delivery.attempt >= clients.settings.max_delivery_attempts
    counts = _load(run, day, clients, is_last=is_last)
    marker = {
        **counts,
        "batch_no": batch.batch_no,
        "batch_count": batch.batch_count,
        "message_id": delivery.id,
        "delivery_attempt": delivery.attempt,
    }
    clients.ledger.record(run, [(Event.BATCH_DONE, marker)])
    log.info("history_day_loaded", extra={"run_id": run.run_id, "day": day, **counts})
    return counts


def _load(run: Run, day: date, clients: Clients, *, is_last: bool) -> dict[str, Any]:
    """Load the day; return the counts of its marker.

    While the file server has no export at all, only the last delivery records the day,
    as failed and not as missing at TMDB. A day whose export is not due delays no other
    day: the daily run of that day reads it. If it is a run of its own, it waits.
    """
    began = monotonic()
    tracked = _of_run(run, clients.tables).get(lambda: _tracked(run.run_date, clients))
    band = band_of(clients.settings.tracked_movies)
    found = Popularity()
    reason, failed = None, 0
    try:
        found = clients.tmdb.export(
            day,
            lambda rows: survey(rows, 0, band, tracked.movie_ids or ()).popularity,
        )
    except ExportNotYetError as error:
        is_waiting = error.is_outage or run.export_date is not None
        if is_waiting and not is_last:
            raise
        reason, failed = error.reason, tracked.count if is_waiting else 0
        log.warning("export_unusable", extra=error.to_json())
    except ExportMissingError as error:
        reason = error.reason
    except ExportDamagedError as error:
        reason, failed = error.reason, tracked.count
        log.warning("export_unusable", extra=error.to_json())
    store_popularity(run, day, found, tracked, clients.tables)
    fetched = found.among(tracked)
    expected = max(tracked.count, fetched)
    return {
        "expected": expected,
        "fetched": fetched,
        "not_found": expected - fetched - failed,
        "failed": failed,
        "written": len(found),
        "reason": reason,
        "seconds": monotonic() - began,
    }


def _tracked(run_date: date, clients: Clients) -> Tracked:
    if clients.settings.tracked_movies is None:
        return Tracked(None, tracking.count(run_date, clients.tables))
    return Tracked.of(tracking.active(clients.tables))


@lru_cache(maxsize=16)
def _of_run(run: Run, tables: Tables) -> Recent[Tracked]:  # noqa: ARG001 - whose
    """Return the tracked movies that the days of one history run share."""
    return Recent()
