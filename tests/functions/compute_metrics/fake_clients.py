"""Fake clients of compute_metrics, whose tables may refuse a statement."""

import logging
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from functions.compute_metrics import views
from functions.compute_metrics.clients import Clients
from shared import clock, sql_files
from shared.errors import StatementError
from shared.interfaces import Bill, Lock, Outcome, Parameter
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.fakes import FakeTables, FakeTopics, run_status
from tests.push_requests import delivery_on

DAY = date(2026, 3, 10)
DELIVERY = delivery_on(DAY, attempt=2)
RUN_ID = "daily-2026-03-10"
OF_RUN = MetricsRequest(RUN_ID, DAY, DAY)
DAYS = [DAY + timedelta(n) for n in range(-2, 1)]
OF_RANGE = MetricsRequest(None, DAYS[0], DAYS[-1])
HASHES = views.hashes(sql_files.views())
VIEWS = [view.labelled(views.LABEL, HASHES[view.view]) for view in sql_files.views()]
SCRIPT = "-- metrics: "
BILLED = 1000
"""Of every script."""


@dataclass(eq=False)
class RefusingTables(FakeTables):
    """A fake BigQuery: its checks find given rows, and it refuses one statement.

    published: the days that were published before.
    refuse: the beginning of the refused statement.
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    published: set[date] = field(default_factory=set)
    refuse: str = ""
    error: Exception = field(default_factory=lambda: StatementError("no"))

    def execute(
        self, sql: str, *, timeout_s: float = 480.0, **parameters: Parameter
    ) -> tuple[int, int]:
        if self.refuse and sql.startswith(self.refuse):
            raise self.error
        super().execute(sql, timeout_s=timeout_s, **parameters)
        return 10, 1000

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        bill.add(BILLED)
        if self.refuse and sql.startswith(self.refuse):
            raise self.error
        super().run_alone(
            sql, lock=lock, bill=Bill(), timeout_s=timeout_s, **parameters
        )
        first, last = parameters["from_date"], parameters["to_date"]
        rows = [
            {**row, "was_published": row["day"] in self.published, "written": 10}
            for row in self.found
            if first <= row["day"] <= last
        ]
        nothing = {"check_name": None, "written": 10}
        return Outcome(rows or [nothing], clock.now() - timedelta(seconds=5))

    def scripts(self) -> list[tuple[Parameter, Parameter]]:
        """Return the days of every script."""
        return [
            (days["from_date"], days["to_date"])
            for sql, days in self.executed
            if sql.startswith(SCRIPT)
        ]


def found_by(check: str, day: date, **fields: Any) -> dict[str, Any]:
    """Return a row of a check's finding."""
    return {
        "check_name": check,
        "severity": "fail",
        "day": day,
        "movie_id": 7,
        "problem": "it is odd",
        "offending": 4,
        **fields,
    }


def breakout(movie_id: int, title: str | None = "Dune") -> dict[str, Any]:
    """Return a movie that breaks out, as sql/alerts finds it."""
    return {"movie_id": movie_id, "title": title, "viral_coefficient": 87.4}


def fake_clients(
    found: list[dict[str, Any]] | None = None,
    *,
    is_published: bool = False,
    first: date | None = None,
    of_run: dict[str, Any] | None = None,
    broke_out: list[dict[str, Any]] | None = None,
    **more: Any,
) -> tuple[Clients, RefusingTables, FakeTopics]:
    """Return clients, with their tables and topics."""
    status = run_status(
        is_metrics_requested=True, is_published=is_published, **of_run or {}
    )
    tables = RefusingTables(
        answers={
            "new_breakouts": broke_out or [],
            "lacking_days": [{"from_date": None, "to_date": None}],
            "run_status": [status],
            "history_range": [{"first": first, "is_published": True}],
        },
        found=found or [],
        **more,
    )
    topics = FakeTopics()
    return Clients(tables, Ledger(tables, "test"), topics), tables, topics


def records_of(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    """Return the log records of an event."""
    return [record for record in caplog.records if record.message == event]
