"""Complete a run: the delivery of its last batch requests the metrics.

Any batch may be the last one, so every delivery checks, unless another batch of its run
is in progress in the same instance: that one will check. If that one fails, the run
lacks its batch; or the batch was done before, and its redelivery checks.

Streamed rows become visible only after seconds. So an instance counts the markers that
it has written, visible or not, and a batch that may be the last checks several times.
The instance with the newest marker has the last batch; all others leave the run to it
as soon as they see that marker. If no instance sees all markers in time, the sweep
completes the run. Two deliveries that check at the same moment may both request the
metrics; computing them twice gives the same rows.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

from shared.clients import Clients
from shared.delivery import Delivery
from shared.errors import TransientError
from shared.interfaces import Topics
from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS, MetricsRequest
from shared.runs import Event, Run

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
"""Batches in progress at the same time: the concurrency of fetch_details. If more
batches than this are missing, a batch is not the last."""


def complete(
    run: Run,
    batch_no: int,
    batch_count: int,
    delivery: Delivery,
    clients: Clients,
    work: Callable[[], None],
) -> bool:
    """Do a batch's work unless it is done, then check its run; return if it was done.

    `work` ends with the batch's marker. Requests the metrics with the last batch.
    """
    ledger, batches = clients.ledger, clients.batches
    # A redelivered batch may be done already: query the ledger again.
    is_first = delivery.is_pushed and delivery.attempt == 1
    is_done = batch_no in batches.done(
        run, ledger, batches.shared_for_s if is_first else 0.0
    )
    if is_done:
        # Its first delivery may have crashed before it checked the run.
        is_looking = True
    else:
        with (
            _deferral_recorded(run, batch_no, delivery, ledger),
            batches.at_work(run, batch_no) as place,
        ):
            work()
        is_looking = place.is_last
    if is_looking and run.mode.publishes_days:
        is_sure = is_done and not is_first
        _look(run, batch_no, batch_count, clients, is_sure=is_sure)
    return is_done


@contextmanager
def _deferral_recorded(
    run: Run, batch_no: int, delivery: Delivery, ledger: Ledger
) -> Iterator[None]:
    """Record that a pushed delivery of a batch ends with a TransientError.

    The sweep then does not republish the batch, because Pub/Sub redelivers it. A
    person's call is not redelivered, so it records nothing.
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


def _look(
    run: Run, batch_no: int, batch_count: int, clients: Clients, *, is_sure: bool
) -> None:
    """Request the metrics if this instance has the last batch of a run.

    Counting markers reads only the ledger; the whole status would read the landed rows
    too. `is_sure`: check even if another batch has a newer marker, because its delivery
    may have left the run to this one.
    """
    ledger, batches = clients.ledger, clients.batches
    done = batches.done(run, ledger, batches.shared_for_s)
    for pause_s in (0.0, *batches.looks_again_s):
        sleep(pause_s)
        if batches.are_at_work(run):
            return
        if len(done) < batch_count:
            done = batches.done(run, ledger)
        newest = max(done, key=lambda no: (done[no], no), default=batch_no)
        is_ours = newest == batch_no or newest in batches.own(run)
        are_all_done = len(done) == batch_count
        is_looking = is_ours or (is_sure and are_all_done)
        if not is_looking or len(done) < batch_count - MOST_AT_ONCE:
            return
        if are_all_done and _request_if_complete(run, ledger, clients.topics):
            return


def _request_if_complete(run: Run, ledger: Ledger, topics: Topics) -> bool:
    """Request the metrics if all rows of a run are visible; return whether they are."""
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
    # Published first: after a crash in between it is published twice, never not at all.
    topics.publish(METRICS_REQUESTS, [request.to_json()])
    ledger.record(run, [(Event.METRICS_REQUESTED, {})])
