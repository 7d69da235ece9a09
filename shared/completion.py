"""Completion: a batch's marker comes in, a metrics request goes out with the last.

Any batch may be the last one, so each looks. Streamed rows become visible seconds
late: a batch counts its own marker, whether or not it sees it, and one that may be the
last looks again. The batch with the newest marker is the last; every other one leaves
the run to it as soon as it sees that marker. Should none see all in time, the sweep
does. Deliveries of one batch that look at the same moment may both request the
metrics; computing them twice gives the same rows.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import sleep

from shared import clock
from shared.delivery import Delivery
from shared.errors import TransientError
from shared.interfaces import Topics
from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS, MetricsRequest
from shared.runs import Event, Run

log = logging.getLogger(__name__)

LOOKS_AGAIN_S = (0.5, 1.0, 2.0, 3.0)
"""Pauses before another look: 6.5 s, more than streamed rows take to be visible."""

MOST_AT_ONCE = 8
"""Batches that work at the same moment, as fetch_details' concurrency allows: with more
of them missing, a batch is not the last."""


@contextmanager
def deferral_recorded(
    run: Run, batch_no: int, delivery: Delivery, ledger: Ledger
) -> Iterator[None]:
    """Record that a pushed delivery of a batch ends with a TransientError.

    The run has then been seen at work, and the sweep leaves its batches to Pub/Sub. A
    person's call is not redelivered, so it defers nothing.
    """
    try:
        yield
    except TransientError as error:
        if not delivery.is_pushed:
            raise
        deferred = {
            "batch_no": batch_no,
            "reason": error.reason,
            "message_id": delivery.id,
            "delivery_attempt": delivery.attempt,
        }
        ledger.record(run, [(Event.BATCH_DEFERRED, deferred)])
        raise


def request_metrics_if_complete(
    run: Run, batch_no: int, batch_count: int, ledger: Ledger, topics: Topics
) -> None:
    """Publish a metrics request if this batch is the last of its run.

    Most batches are not: counting markers reads the ledger only, and spares the whole
    status, which reads the landed rows too.
    """
    if not run.mode.publishes_days:
        return
    own_at = clock.now()
    for pause_s in (0.0, *LOOKS_AGAIN_S):
        sleep(pause_s)
        done = {batch_no: own_at} | ledger.batches_done(run)
        newest = max(done, key=lambda no: (done[no], no))
        if newest != batch_no or len(done) < batch_count - MOST_AT_ONCE:
            return
        if len(done) == batch_count and _request_if_complete(run, ledger, topics):
            return


def _request_if_complete(run: Run, ledger: Ledger, topics: Topics) -> bool:
    """Request the metrics if all of a run is visible; say whether they are."""
    status = ledger.status(run)
    if status is None or not status.is_complete:
        return False
    if not status.is_metrics_requested:
        request_metrics(run, ledger, topics)
        log.info(
            "run_completed",
            extra={
                "run_id": run.run_id,
                "batches": status.batches_total,
                "expected": status.expected,
                "fetched": status.fetched,
                "not_found": status.not_found,
                "failed": status.failed,
            },
        )
    return True


def request_metrics(run: Run, ledger: Ledger, topics: Topics) -> None:
    """Publish a metrics request and record that."""
    request = MetricsRequest(run.run_id, run.run_date, run.run_date)
    # Published before it is recorded: a crash in between asks twice, never not at all.
    topics.publish(METRICS_REQUESTS, [request.to_json()])
    ledger.record(run, [(Event.METRICS_REQUESTED, {})])
