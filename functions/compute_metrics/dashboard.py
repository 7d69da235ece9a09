"""Request the dashboard's page after days were computed, where one is deployed."""

import logging

from functions.compute_metrics.clients import Clients
from shared.errors import QueueUnavailableError
from shared.messages import DASHBOARD_REQUESTS, DashboardRequest, MetricsRequest

log = logging.getLogger(__name__)

UNCHANGED = ("publishes no day", "requested")
"""Statuses of answers that do not change the page."""


def request(computed: MetricsRequest, status: str, clients: Clients) -> None:
    """Request the page after a computation; a failure is logged, never raised.

    Also for days that are withheld or already published: the page shows what checks
    found, and the first delivery may have ended before its request. The day stays
    published, and the next computation requests the page again.
    """
    if not clients.has_dashboard or status in UNCHANGED:
        return
    body = DashboardRequest(computed.to_date).to_json()
    try:
        clients.topics.publish(DASHBOARD_REQUESTS, [body])
    except QueueUnavailableError as error:
        log.warning("dashboard_not_requested", extra={**body, **error.to_json()})
