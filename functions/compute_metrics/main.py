"""compute_metrics: compute, check and publish the metrics of a run or of given days.

`make deploy` sends a request for the views only: that computes no day.

Pub/Sub metrics-requests -> sql/NN_*.sql in order, sql/windows, views, checks, gate ->
movies, movie_daily_snapshots, catalogue_days, movie_viral_signals,
movie_metrics_aggregated, leading_movie_days, movie_breakouts, outlook_days,
ingestion_log; the public page views -> movie_attention_daily; then
-> Pub/Sub dashboard-requests
"""

from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.compute_metrics import attention, compute, dashboard, views
from functions.compute_metrics.clients import Clients, connect
from functions.compute_metrics.deadline import Deadline
from shared.delivery import Delivery, answer
from shared.messages import MetricsRequest, ViewsRequest, metrics_request


@functions_framework.http
def compute_metrics(request: Request) -> ResponseReturnValue:
    """Answer 2xx to acknowledge; a TransientError answers 503: Pub/Sub redelivers."""
    clients = connect()
    return answer(
        request,
        metrics_request,
        lambda message, delivery: run(message, delivery, clients),
        clients.topics,
    )


def run(
    request: MetricsRequest | ViewsRequest, delivery: Delivery, clients: Clients
) -> dict[str, Any]:
    """Make the views, or compute, check and publish the requested days."""
    deadline = Deadline.of(delivery)
    if isinstance(request, ViewsRequest):
        return {"status": "views made", "views": views.make(clients.tables, deadline)}
    of = compute.of_run if request.run_id else compute.of_days
    computed = of(request, delivery, clients, deadline)
    attention.read(request, computed["status"], clients, deadline)
    dashboard.request(request, computed["status"], clients)
    return computed
