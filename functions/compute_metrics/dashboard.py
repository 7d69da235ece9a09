"""The dashboard: requests its page when days were computed, where there is one."""

import logging

from functions.compute_metrics.clients import Clients
from shared.errors import QueueUnavailableError
from shared.messages import DASHBOARD_REQUESTS, DashboardRequest, MetricsRequest

log = logging.getLogger(__name__)

UNCHANGED = ("publishes no day", "requested")
"""Statuses of answers after which the page would be the same."""


def request(computed: MetricsRequest, status: str, clients: Clients) -> None:
    """Request the page after a computation; its failure is logged, never raised.

    Also of days that are withheld or were published before: the page shows what checks
    found, and the first delivery may have ended before it came to this. The day stays
    published, and the next one requests the page again.
    """
    if not clients.has_dashboard or status in UNCHANGED:
        return
    body = DashboardRequest(computed.to_date).to_json()
    try:
        clients.topics.publish(DASHBOARD_REQUESTS, [body])
    except QueueUnavailableError as error:
        log.warning("dashboard_not_requested", extra={**body, **error.to_json()})
