"""render_dashboard: render the newest published day and replace the page with it.

Pub/Sub dashboard-requests -> sql/dashboard, two files of sql/queries -> index.html in
the dashboard's bucket
"""

import logging
from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.render_dashboard import queries
from functions.render_dashboard.clients import Clients, connect
from functions.render_dashboard.page import render
from shared import clock, days
from shared.delivery import answer
from shared.messages import DashboardRequest

log = logging.getLogger(__name__)

PAGE = "index.html"


@functions_framework.http
def render_dashboard(request: Request) -> ResponseReturnValue:
    """Answer 2xx to acknowledge; a TransientError answers 503: Pub/Sub redelivers."""
    clients = connect()
    return answer(
        request,
        DashboardRequest.from_json,
        lambda message, _delivery: run(message, clients),
        clients.topics,
    )


def run(request: DashboardRequest, clients: Clients) -> dict[str, Any]:
    """Render the newest published day, whichever was requested, and store the page."""
    # Before anything is read: what is written from here on may be newer than ours.
    generation = clients.bucket.generation(PAGE)
    now = clock.now()
    requested, last = request.snapshot_date, days.newest_day(now)
    day = queries.newest_published(clients.tables, requested, last) or requested
    dashboard = queries.read(clients.tables, day, now, clients.source, clients.links)
    shown = dashboard["header"]["popularity_date"]
    page = render(dashboard)
    metadata = {"snapshot_date": shown or "none"}
    clients.bucket.replace(PAGE, page, metadata, generation=generation)
    rendered = {
        "snapshot_date": shown,
        "bytes": len(page),
        "seconds": (clock.now() - now).total_seconds(),
    }
    log.info("dashboard_rendered", extra=rendered)
    return {"status": "rendered", **rendered}
