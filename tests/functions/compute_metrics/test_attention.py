"""Attention on fakes: which days are read, and what a failure costs."""

import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.compute_metrics.attention import days_due
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.main import run
from shared.delivery import Delivery
from shared.errors import StatementError, WarehouseUnavailableError
from shared.interfaces import Parameter
from shared.ledger import Ledger
from shared.messages import DASHBOARD_REQUESTS, MetricsRequest
from tests.fakes import FakeTables, FakeTopics, run_status, statement_name

DAY = date(2026, 1, 3)
OF_RUN = MetricsRequest(f"daily-{DAY}", DAY, DAY)
PUSHED = Delivery("17", datetime(2026, 1, 3, 9, tzinfo=UTC), 1, True, b"")  # noqa: FBT003


def _before(days: int) -> date:
    return DAY - timedelta(days)


class PublicTables(FakeTables):
    """BigQuery whose public page views are there, or end in an error of some days."""

    def __init__(self, error: Exception | None = None, year: int | None = None) -> None:
        super().__init__(
            answers={
                "days_read": [{"day": None, "hours": None}],
                "lacking_days": [{"from_date": None, "to_date": None}],
                "new_breakouts": [],
                "run_status": [run_status()],
            }
        )
        self.error, self.year = error, year
        self.days: list[date] = []

    def execute(
        self, sql: str, *, timeout_s: float = 480.0, **parameters: Parameter
    ) -> tuple[int, int]:
        if statement_name(sql) != "read_day":
            return super().execute(sql, timeout_s=timeout_s, **parameters)
        day = parameters["day"]
        assert isinstance(day, date)
        self.days.append(day)
        assert f"`bigquery-public-data`.wikipedia.pageviews_{day.year} " in sql
        if self.error and self.year in {None, day.year}:
            raise self.error
        return 7, 1_000


def _run(
    tables: PublicTables, request: MetricsRequest = OF_RUN, *, is_on: bool = True
) -> tuple[dict[str, Any], FakeTopics]:
    topics = FakeTopics()
    clients = Clients(
        tables, Ledger(tables, "test"), topics, has_dashboard=True, has_wikipedia=is_on
    )
    return run(request, PUSHED, clients), topics


def _line(caplog: pytest.LogCaptureFixture, message: str) -> dict[str, Any]:
    [line] = [record for record in caplog.records if record.msg == message]
    return vars(line)


def test_missing_days_are_due_and_incomplete_ones_for_three_days() -> None:
    hours = {_before(n): 24 for n in range(2, 36)} | {_before(3): 23, _before(4): 22}

    assert days_due(DAY, hours) == [_before(1), _before(3)]
    assert days_due(DAY, {}) == [_before(n) for n in range(1, 36)]


def test_a_day_is_read_after_its_publication_and_before_its_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    tables = PublicTables()

    answer, topics = _run(tables)

    assert answer["status"] == "published"
    assert tables.days == [_before(n) for n in range(1, 36)]
    assert [topic for topic, _ in topics.published] == [DASHBOARD_REQUESTS]
    assert _line(caplog, "attention_read")["bytes_billed"] == 35_000
    published, read = (
        [record.msg for record in caplog.records].index(message)
        for message in ("metrics_published", "attention_read")
    )
    assert published < read


@pytest.mark.parametrize(
    ("request_", "is_on"),
    [
        (OF_RUN, False),
        (MetricsRequest(None, DAY, DAY), True),
        (MetricsRequest(f"initial-{DAY}", DAY, DAY), True),
    ],
)
def test_nothing_is_read_elsewhere(request_: MetricsRequest, is_on: bool) -> None:  # noqa: FBT001 - a case
    tables = PublicTables()
    del tables.answers["days_read"]

    answer, _ = _run(tables, request_, is_on=is_on)

    assert answer["status"] == "published"
    assert tables.days == []


def test_without_an_article_nothing_is_read() -> None:
    tables = PublicTables()
    tables.answers["days_read"] = []

    _run(tables)

    assert tables.days == []


def test_the_table_of_a_new_year_may_be_missing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of 1 and 2 January it is refused; December is read all the same."""
    tables = PublicTables(StatementError("Not found: pageviews_2026"), year=2026)

    answer, topics = _run(tables)

    assert answer["status"] == "published"
    assert tables.days == [_before(n) for n in range(1, 36)]
    line = _line(caplog, "attention_not_read")
    assert line["levelno"] == logging.WARNING
    assert line["days"] == [f"{_before(n)}" for n in range(3, 36)]
    assert "pageviews_2026" in line["reason"]
    assert topics.published


def test_a_dataset_that_is_gone_is_refused_three_times() -> None:
    tables = PublicTables(StatementError("Not found: dataset"))

    answer, _ = _run(tables)

    assert answer["status"] == "published"
    assert len(tables.days) == 3


def test_a_quota_error_ends_the_reading_and_costs_no_day(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tables = PublicTables(WarehouseUnavailableError("quotaExceeded"))

    answer, topics = _run(tables)

    assert answer["status"] == "published"
    assert len(tables.days) == 1
    assert _line(caplog, "attention_not_read")["error"] == "WarehouseUnavailableError"
    assert topics.published
