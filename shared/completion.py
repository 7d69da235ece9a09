"""Completion: a batch's marker comes in, a metrics request goes out with the last.

Any batch may be the last one, so each asks. Two that ask at the same moment may both
request the metrics; computing them twice gives the same rows.
"""

import logging

from shared.ledger import Ledger
from shared.messages import METRICS_REQUESTS, MetricsRequest
from shared.ports import Topics
from shared.runs import Event, Run

log = logging.getLogger(__name__)


def request_metrics_if_complete(
    run: Run, batch_count: int, ledger: Ledger, topics: Topics
) -> None:
    """Publish a metrics request once all of a run's batches are visibly done.

    Most batches are not the last: counting markers reads the ledger only, and spares
    the whole status, which reads the landed rows too.
    """
    if ledger.batches_done(run) < batch_count:
        return
    status = ledger.status(run)
    if status is None or not status.is_complete or status.is_metrics_requested:
        return
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


def request_metrics(run: Run, ledger: Ledger, topics: Topics) -> None:
    """Publish a metrics request and record that."""
    request = MetricsRequest(run.run_id, run.run_date, run.run_date)
    # Published before it is recorded: a crash in between asks twice, never not at all.
    topics.publish(METRICS_REQUESTS, [request.to_json()])
    ledger.record(run, [(Event.METRICS_REQUESTED, {})])
