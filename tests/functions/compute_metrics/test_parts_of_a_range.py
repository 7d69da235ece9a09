"""A range that BigQuery refuses, or that is too slow, is published in parts.

The emulator has no limit of bytes billed: a proxy refuses scripts of too many days. It
lets the job fail there, so that its id and its reason are kept as in BigQuery.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from google.cloud import bigquery

from benchmarks.fault_injection.proxy import Answer, Call, Forward, Proxy, forwarded
from emulators.bigquery import BigQueryEmulator
from functions.compute_metrics import compute
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from local import tables as local_tables
from shared.bigquery import Warehouse
from shared.delivery import Delivery
from shared.errors import CostLimitError, DeadlineError
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.datasets import land_details
from tests.fakes import FakeTopics
from tests.functions.compute_metrics.fake_clients import records_of
from tests.push_requests import delivery_on

pytestmark = pytest.mark.emulator

DATASET = "parts"
DAY = date(2026, 3, 10)
DAYS = [DAY + timedelta(n) for n in range(-39, 1)]
RANGE = DAYS[-5:]
OF_RANGE = MetricsRequest(None, RANGE[0], RANGE[-1])
WHOLE, OLDER, NEWER = (
    (RANGE[0], RANGE[4]),
    (RANGE[0], RANGE[2]),
    (RANGE[3], RANGE[4]),
)
NO_LIMIT = 400
MOVIES = 30
"""Enough for outlooks."""
SHORT_S = 8.0
"""Enough for a script of a few days."""
SLOW = """
SELECT COUNTIF(MOD(one * other, 7) = 3) AS found
FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS one
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 100000)) AS other
"""
"""A query that takes minutes, unless it is cancelled."""
TABLES = (
    "catalogue_days",
    "check_findings",
    "latest_movie_metrics",
    "leading_movie_days",
    "movie_breakouts",
    "movie_daily_snapshots",
    "movie_metrics_aggregated",
    "movie_viral_signals",
    "outlook_days",
)
"""What a computation writes, besides chart_history, which keeps the times."""

type Span = tuple[date, date]


class Limits:
    """Refuses scripts of too many days for their cost; makes some slow.

    started: the days of every script that was started.
    """

    def __init__(self) -> None:
        self.most_days = NO_LIMIT
        self.slow: set[Span] = set()
        self.started: list[Span] = []

    def __call__(self, call: Call, forward: Forward) -> Answer:
        body = json.loads(call.body) if call.method == "POST" and call.body else {}
        query = body.get("configuration", {}).get("query", {})
        if query.get("query", "").startswith("-- metrics: "):
            of = {
                one["name"]: one["parameterValue"] for one in query["queryParameters"]
            }
            first, last = (
                date.fromisoformat(of[name]["value"])
                for name in ("from_date", "to_date")
            )
            self.started.append((first, last))
            if (last - first).days + 1 > self.most_days:
                query["query"] = "SELECT ERROR('it would bill too much')"
            elif (first, last) in self.slow:
                query["query"] = SLOW
            call = call.with_body(json.dumps(body).encode())
        answer = forward(call)
        if b"would bill too much" not in answer.body:
            return answer
        body = answer.body.replace(b'"invalidQuery"', b'"bytesBilledLimitExceeded"')
        return replace(answer, body=body)


@pytest.fixture(scope="module")
def proxy() -> Proxy:
    return Proxy()


@pytest.fixture(scope="module")
def client(emulator: BigQueryEmulator) -> Iterator[bigquery.Client]:
    with local_tables.connect(emulator.url) as connected:
        yield connected


@pytest.fixture(scope="module")
def behind(
    client: bigquery.Client, emulator: BigQueryEmulator, proxy: Proxy
) -> Iterator[Warehouse]:
    """Return tables with details of 40 days, of which most are not computed."""
    local_tables.create_tables(client, DATASET)
    direct = Warehouse(client, DATASET, max_bytes_billed=10**9)
    for number, day in enumerate(DAYS):
        popularity = 10.0 + number * 7 % 5
        land_details(
            direct, [day], MOVIES, popularity=popularity, vote_count=100 + number
        )
    with (
        proxy.between("compute_metrics", emulator.url) as here,
        local_tables.connect(here) as connected,
    ):
        tables = Warehouse(connected, DATASET, max_bytes_billed=10**9)
        _compute(MetricsRequest(None, DAYS[0], DAYS[-6]), tables, _delivery())
        yield tables


@pytest.fixture
def limits(proxy: Proxy) -> Iterator[Limits]:
    proxy.ambush = limits = Limits()
    yield limits
    proxy.ambush = forwarded


@pytest.fixture
def tables(behind: Warehouse, client: bigquery.Client) -> Warehouse:
    """Return them without the range, and with an empty ledger."""
    for table in (*TABLES, "chart_history"):
        columns = {
            field.name for field in client.get_table(f"{DATASET}.{table}").schema
        }
        [column] = columns & {"snapshot_date", "calculation_date"}
        client.query_and_wait(
            f"DELETE FROM {DATASET}.{table} WHERE {column} >= '{RANGE[0]}'"
        )
    client.query_and_wait(f"TRUNCATE TABLE {DATASET}.ingestion_log")
    return behind


def _delivery() -> Delivery:
    _delivery.number += 1  # type: ignore[attr-defined]
    return replace(delivery_on(DAY), id=f"m{_delivery.number}")  # type: ignore[attr-defined]


_delivery.number = 0  # type: ignore[attr-defined]


def _again(delivery: Delivery) -> Delivery:
    return replace(delivery, attempt=delivery.attempt + 1)


def _compute(
    request: MetricsRequest,
    tables: Warehouse,
    delivery: Delivery,
    seconds: float = 480.0,
) -> dict[str, Any]:
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics())
    return compute.of_days(request, delivery, clients, Deadline.after(seconds))


def _stored(tables: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Return the rows; the last bits of sums depend on the days that are read."""
    return {
        table: sorted(
            (
                {
                    name: float(f"{value:.9g}") if isinstance(value, float) else value
                    for name, value in row.items()
                }
                for row in tables.select(f"SELECT * FROM tmdb_analytics.{table}")
            ),
            key=repr,
        )
        for table in TABLES
    }


def _published(tables: Warehouse) -> list[date]:
    rows = tables.select(
        "SELECT snapshot_date FROM tmdb_analytics.v_published_days\n"
        "WHERE snapshot_date >= @day ORDER BY snapshot_date",
        day=RANGE[0],
    )
    return [row["snapshot_date"] for row in rows]


def _events(tables: Warehouse) -> list[tuple[str, int | None]]:
    rows = tables.select(
        "SELECT event, written FROM tmdb_analytics.ingestion_log ORDER BY logged_at"
    )
    return [(row["event"], row["written"]) for row in rows]


def test_a_refused_range_is_published_in_halves_as_if_it_were_one(
    tables: Warehouse, limits: Limits, caplog: pytest.LogCaptureFixture
) -> None:
    # First as one, then in parts: the older half first.
    assert _compute(OF_RANGE, tables, _delivery())["status"] == "published"
    as_one = _stored(tables)
    [(_, written)] = _events(tables)
    assert as_one["outlook_days"]
    # A published day keeps its state until its part is done: no day is deleted.
    limits.most_days, limits.started = 2, []
    with caplog.at_level(logging.WARNING):
        answer = _compute(OF_RANGE, tables, _delivery())
    assert (answer["status"], answer["written"]) == ("published", written)
    assert limits.started == [
        WHOLE,
        OLDER,
        (RANGE[0], RANGE[1]),
        (RANGE[2], RANGE[2]),
        NEWER,
    ]
    assert _stored(tables) == as_one
    assert _events(tables)[1:] == [("METRICS_DONE", written)]
    first, second = records_of(caplog, "range_split")
    assert vars(first)["parts"] == [f"{OLDER[0]}/{OLDER[1]}", f"{NEWER[0]}/{NEWER[1]}"]
    assert "would bill too much" in vars(second)["reason"]


def test_a_new_range_in_parts_is_the_same_as_one(
    tables: Warehouse, limits: Limits
) -> None:
    limits.most_days = 1
    assert _compute(OF_RANGE, tables, _delivery())["status"] == "published"
    in_parts = _stored(tables)
    assert _published(tables) == RANGE
    limits.most_days = NO_LIMIT
    assert _compute(OF_RANGE, tables, _delivery())["status"] == "published"
    assert _stored(tables) == in_parts


def test_a_day_that_is_refused_is_a_permanent_error_with_a_hint(
    tables: Warehouse, limits: Limits
) -> None:
    limits.most_days = 0
    with pytest.raises(CostLimitError) as caught:
        _compute(OF_RANGE, tables, _delivery())
    assert "max_gib_billed" in caught.value.hint
    assert "tmdb-traction plan" in caught.value.hint
    # The oldest part decides: later days are not tried.
    assert limits.started == [WHOLE, OLDER, (RANGE[0], RANGE[1]), (RANGE[0], RANGE[0])]
    assert _published(tables) == []
    assert _events(tables) == [("COMPUTATION_FAILED", None)]


def test_a_redelivery_goes_on_after_the_parts_that_are_published(
    tables: Warehouse, limits: Limits
) -> None:
    limits.most_days, limits.slow = 3, {NEWER}
    delivery = _delivery()
    with pytest.raises(DeadlineError):
        _compute(OF_RANGE, tables, delivery, seconds=SHORT_S)
    assert limits.started == [WHOLE, OLDER, NEWER]
    assert _published(tables) == RANGE[:3]
    # Another message computes meanwhile.
    limits.slow = set()
    _compute(MetricsRequest(None, DAYS[0], DAYS[0]), tables, _delivery())
    limits.started = []
    answer = _compute(OF_RANGE, tables, _again(delivery))
    # Neither what was refused nor what was published is run again.
    assert limits.started == [NEWER]
    assert answer["status"] == "published"
    assert _published(tables) == RANGE
    [*_, (event, written)] = _events(tables)
    assert (event, written) == ("METRICS_DONE", answer["written"])


def test_a_range_that_took_the_whole_time_is_halved_when_it_is_redelivered(
    tables: Warehouse, limits: Limits
) -> None:
    limits.slow = {WHOLE}
    delivery = _delivery()
    with pytest.raises(DeadlineError):
        _compute(OF_RANGE, tables, delivery, seconds=SHORT_S)
    assert (limits.started, _published(tables)) == ([WHOLE], [])
    for _ in range(10):
        delivery = _again(delivery)
        # Each has the same time, and finishes a part at least.
        with suppress(DeadlineError):
            _compute(OF_RANGE, tables, delivery, seconds=SHORT_S)
            break
    assert limits.started.count(WHOLE) == 1
    assert _published(tables) == RANGE
