"""Attention while BigQuery refuses: through Google's client, against the emulator."""

import json
import logging
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from benchmarks.fault_injection.proxy import (
    Answer,
    Call,
    CutError,
    Forward,
    Proxy,
    forwarded,
)
from functions.compute_metrics import attention
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from local import public_tables
from local.tables import DATASET, connect
from shared import bigquery_calls
from shared.bigquery import Warehouse
from shared.bigquery_calls import Retries
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.fakes import FakeTopics
from tests.sql.sandbox import PAGEVIEWS, Sandbox, sandbox_in

pytestmark = pytest.mark.emulator

DAY = date(2026, 3, 10)
YESTERDAY = DAY - timedelta(days=1)
AT_ONCE = Retries(bigquery_calls.RETRY.with_timeout(0.2))
"""Google's client gives up after this many seconds, not after 60."""


@pytest.fixture(scope="module")
def proxy() -> Proxy:
    return Proxy()


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return tables that hold the article of one movie, and public page views."""
    with sandbox_in(tmp_path_factory.mktemp("bigquery")) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(stored: Sandbox) -> Sandbox:
    stored.clear()
    stored.load("movies", [{"movie_id": 1, "wikidata_id": "Q1", "last_updated": DAY}])
    article = {"movie_id": 1, "wikidata_id": "Q1", "wiki": "en", "title": "Film"}
    stored.load("movie_articles", [article | {"first_seen": DAY, "last_seen": DAY}])
    return stored


@pytest.fixture
def tables(sandbox: Sandbox, proxy: Proxy) -> Iterator[Warehouse]:
    """Return them as the function sees them: behind the proxy."""
    url = sandbox.client._connection.API_BASE_URL
    assert url
    with proxy.between("compute_metrics", url) as here, connect(here) as client:
        yield Warehouse(client, DATASET, 1024**3, AT_ONCE)
    proxy.ambush = forwarded


def _publish(sandbox: Sandbox, hours: range, views: int) -> None:
    sandbox.load(
        PAGEVIEWS,
        [
            {
                "datehour": f"{YESTERDAY}T{hour:02}:00:00Z",
                "wiki": wiki,
                "title": "Film",
                "views": views,
            }
            for hour in hours
            for wiki in ("en", "en.m")
        ],
    )


def _read(tables: Warehouse, run: date = DAY) -> None:
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics(), has_wikipedia=True)
    request = MetricsRequest(f"daily-{run}", run, run)
    attention.read(request, "published", clients, Deadline.after(60))


def _of_yesterday(sandbox: Sandbox) -> list[tuple[int, int, int]]:
    rows = sandbox.rows("movie_attention_daily", f"day = '{YESTERDAY}'")
    return [(row["hours"], row["views_desktop"], row["views_mobile"]) for row in rows]


def _lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str | None]]:
    return [
        (record.msg, vars(record).get("error"))
        for record in caplog.records
        if record.name == attention.__name__
    ]


def _refused(status: int, reason: str) -> Answer:
    error = {"reason": reason, "message": reason}
    body = {"error": {"code": status, "message": reason, "errors": [error]}}
    return Answer(status, json.dumps(body).encode())


class Ambush:
    """Answers queries of the public page views, or cuts their connection."""

    def __init__(self, answer: Answer | None) -> None:
        self._answer = answer
        self.days: set[str] = set()

    def __call__(self, call: Call, forward: Forward) -> Answer:
        if b"pageviews_" not in call.body:
            return forward(call)
        [day] = json.loads(call.body)["configuration"]["query"]["queryParameters"]
        self.days.add(day["parameterValue"]["value"])
        if self._answer is None:
            raise CutError
        return self._answer


@pytest.mark.parametrize(
    ("answer", "days", "error"),
    [
        # Of another day too it would say the same; the next run asks again.
        (_refused(403, "quotaExceeded"), 1, "WarehouseUnavailableError"),
        (_refused(403, "rateLimitExceeded"), 1, "WarehouseUnavailableError"),
        (Answer(503, b"<html>"), 1, "WarehouseUnavailableError"),
        (None, 1, "WarehouseUnavailableError"),
        # Another day may be smaller, or in the table of another year.
        (_refused(400, "bytesBilledLimitExceeded"), 3, "CostLimitError"),
        (_refused(404, "notFound"), 3, "StatementError"),
    ],
    ids=["quota", "rate", "503", "no answer", "max_gib_billed", "not found"],
)
def test_what_bigquery_refuses_is_one_warning_and_read_by_the_next_run(
    answer: Answer | None,
    days: int,
    error: str,
    sandbox: Sandbox,
    tables: Warehouse,
    proxy: Proxy,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    _publish(sandbox, range(24), 3)
    proxy.ambush = ambush = Ambush(answer)

    _read(tables)

    assert _lines(caplog) == [("attention_not_read", error)]
    assert len(ambush.days) == days
    assert sandbox.rows("movie_attention_daily") == []
    proxy.ambush = forwarded
    caplog.clear()
    _read(tables, DAY + timedelta(days=1))
    assert _lines(caplog) == [("attention_read", None)]
    assert _of_yesterday(sandbox) == [(24, 72, 72)]


def test_missing_hours_are_read_when_they_come_and_lost_ones_are_kept(
    sandbox: Sandbox, tables: Warehouse
) -> None:
    _publish(sandbox, range(20), 3)
    _read(tables)
    assert _of_yesterday(sandbox) == [(20, 60, 60)]

    _publish(sandbox, range(20, 23), 5)
    _read(tables, DAY + timedelta(days=1))
    assert _of_yesterday(sandbox) == [(23, 75, 75)]

    # Google makes the table again, without the morning.
    sandbox.select(
        f"DELETE FROM `{public_tables.name(2026)}`\n"
        f"WHERE datehour < TIMESTAMP '{YESTERDAY} 06:00:00'"
    )
    _read(tables, DAY + timedelta(days=2))
    assert _of_yesterday(sandbox) == [(23, 75, 75)]

    # The last hour comes on the fourth day: too late.
    _publish(sandbox, range(24), 9)
    _read(tables, DAY + timedelta(days=3))
    assert _of_yesterday(sandbox) == [(23, 75, 75)]
