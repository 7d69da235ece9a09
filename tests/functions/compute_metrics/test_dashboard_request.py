"""The request for the dashboard's page, with fakes: a failure withholds no day.

tests/test_dashboard.py tests it with real processes.
"""

import logging
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from functions.compute_metrics.clients import Clients
from functions.compute_metrics.main import run
from shared.errors import StatementError
from shared.interfaces import Outcome
from shared.ledger import Ledger
from shared.messages import (
    DASHBOARD_REQUESTS,
    DashboardRequest,
    MetricsRequest,
    ViewsRequest,
)
from tests.fakes import FakeTables, FakeTopics, run_status
from tests.push_requests import delivery_on

DAY = date(2026, 3, 10)
OF_RUN = MetricsRequest(f"daily-{DAY}", DAY, DAY)
OF_RANGE = MetricsRequest(None, DAY - timedelta(2), DAY)
PUSHED = delivery_on(DAY)
CALLED = replace(PUSHED, id="call", is_pushed=False)
FAILING = {
    "check_name": "coverage",
    "severity": "fail",
    "day": DAY,
    "movie_id": None,
    "problem": "it is odd",
    "offending": 1,
    "was_published": False,
    "written": 0,
}


class FailingTables(FakeTables):
    """A fake BigQuery whose script fails a check, or is refused."""

    is_refused = False

    def run_alone(self, sql: str, **options: Any) -> Outcome:
        if self.is_refused:
            raise StatementError("no")
        return replace(super().run_alone(sql, **options), rows=[FAILING])


def _clients(
    tables: FakeTables | None = None, *, has_dashboard: bool = True, **status: Any
) -> tuple[Clients, FakeTables, FakeTopics]:
    tables, topics = tables or FakeTables(), FakeTopics()
    tables.answers = {
        "new_breakouts": [],
        "lacking_days": [{"from_date": None, "to_date": None}],
        "run_status": [run_status(**status)],
    }
    ledger = Ledger(tables, "test")
    return Clients(tables, ledger, topics, has_dashboard), tables, topics


@pytest.mark.parametrize("request_", [OF_RUN, OF_RANGE])
def test_a_computation_requests_the_page(request_: MetricsRequest) -> None:
    clients, _, topics = _clients()
    run(request_, PUSHED, clients)
    assert topics.published == [(DASHBOARD_REQUESTS, DashboardRequest(DAY).to_json())]


def test_without_a_dashboard_nothing_is_requested() -> None:
    clients, _, topics = _clients(has_dashboard=False)
    run(OF_RUN, PUSHED, clients)
    assert topics.published == []


def test_a_withheld_day_requests_it_too_for_what_the_checks_found() -> None:
    clients, _, topics = _clients(FailingTables())
    assert run(OF_RUN, PUSHED, clients)["status"] == "withheld"
    assert topics.bodies(DASHBOARD_REQUESTS)


def test_a_second_delivery_requests_what_a_crash_may_have_lost() -> None:
    clients, _, topics = _clients(is_published=True)
    assert run(OF_RUN, PUSHED, clients)["status"] == "already published"
    assert topics.bodies(DASHBOARD_REQUESTS)


def test_what_computes_nothing_requests_nothing() -> None:
    clients, _, topics = _clients()
    weekly = MetricsRequest(f"weekly-{DAY}", DAY, DAY)
    assert run(weekly, PUSHED, clients)["status"] == "publishes no day"
    long = MetricsRequest(None, DAY - timedelta(60), DAY)
    assert run(long, CALLED, clients)["status"] == "requested"
    run(ViewsRequest(), PUSHED, clients)
    refused = FailingTables()
    refused.is_refused = True
    with pytest.raises(StatementError):
        run(OF_RUN, PUSHED, _clients(refused)[0])
    assert topics.bodies(DASHBOARD_REQUESTS) == []


def test_a_page_that_cannot_be_requested_is_logged_and_the_day_is_published(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables, topics = _clients()
    topics.is_away = True
    assert run(OF_RUN, PUSHED, clients)["status"] == "published"
    assert tables.events("METRICS_DONE")
    [line] = [one for one in caplog.records if one.msg == "dashboard_not_requested"]
    assert line.levelno == logging.WARNING
    assert vars(line)["snapshot_date"] == str(DAY)
    assert vars(line)["reason"] == "Pub/Sub is away"
