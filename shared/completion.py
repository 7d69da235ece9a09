"""Completion: a batch's marker comes in, a metrics request goes out with the last.

Any batch may be the last one, so each looks, unless another of its run is at work in
the same instance: that one will look. Should it fail instead, then either the run lacks
it, or it was done before and its redelivery looks. Streamed rows become visible seconds
late: an instance counts its own markers, whether or not it sees them, and a batch that
may be the last looks again. The instance with the newest marker has the last batch;
every other one leaves the run to it as soon as it sees that marker. Should none see all
in time, the sweep does. Deliveries that look at the same moment may both request the
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
"""Batches that work at the same moment, as fetch_details' concurrency allows: with more
of them missing, a batch is not the last."""


def complete(
    run: Run,
    batch_no: int,
    batch_count: int,
    delivery: Delivery,
    clients: Clients,
    work: Callable[[], None],
) -> bool:
    """Do a batch's work unless it is done, then look at its run; say if it was done.

    `work` ends with the batch's marker. Requests the metrics with the last batch.
    """
    ledger, batches = clients.ledger, clients.batches
    # A message that comes again may well be done: it gets a fresh answer.
    is_first = delivery.is_pushed and delivery.attempt == 1
    is_done = batch_no in batches.done(
        run, ledger, batches.shared_for_s if is_first else 0.0
    )
    if is_done:
        # Its first delivery may have crashed before it looked.
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


def _look(
    run: Run, batch_no: int, batch_count: int, clients: Clients, *, is_sure: bool
) -> None:
    """Request the metrics if this instance has the last batch of a run.

    Counting markers reads the ledger only, and spares the whole status, which reads the
    landed rows too. `is_sure`: the last batch may have left the run to this one, which
    was marked before it.
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
