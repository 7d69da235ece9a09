"""Publication of days, on the BigQuery emulator.

Readers query a day while it is computed again; statements fail, processes are killed,
deadlines pass, and two computations begin at once. Readers always get the complete day
before or after.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from google.cloud import bigquery

from emulators.bigquery import BigQueryEmulator
from functions.compute_metrics import compute
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from functions.compute_metrics.main import run
from local import tables as local_tables
from shared import sql_files
from shared.bigquery import Warehouse
from shared.delivery import Delivery
from shared.errors import DeadlineError, RunBusyError, StatementError
from shared.interfaces import Bill, Lock, Outcome, Parameter
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.conftest import ROOT
from tests.datasets import land_details
from tests.fakes import FakeTopics
from tests.push_requests import delivery_on

pytestmark = pytest.mark.emulator

DATASET = "published"
DAY = date(2026, 3, 10)
DAYS = [DAY + timedelta(n) for n in range(-2, 1)]
OF_RUN = MetricsRequest("daily-2026-03-10", DAY, DAY)
OF_RANGE = MetricsRequest(None, DAYS[0], DAYS[-1])
DELIVERY = delivery_on(DAY)
MOVIES = 5
CHECKS_BEGIN = "CREATE TEMP TABLE findings"
SLOW = """
SELECT COUNTIF(MOD(one * other, 7) = 3) AS found
FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS one
CROSS JOIN UNNEST(GENERATE_ARRAY(1, 100000)) AS other;
"""
"""A query that takes minutes, unless it is cancelled."""
ANOTHER_ROW_OF_MOVIE_1 = """
INSERT INTO tmdb_analytics.movie_metrics_aggregated
SELECT * FROM tmdb_analytics.movie_metrics_aggregated
WHERE movie_id = 1 AND calculation_date BETWEEN @from_date AND @to_date;
"""
CONSISTENT = """
SELECT
  (
    SELECT SUM(popularity) FROM tmdb_analytics.movie_daily_snapshots
    WHERE snapshot_date = @day
  ) AS snapshots,
  (
    SELECT SUM(popularity) FROM tmdb_analytics.movie_metrics_aggregated
    WHERE calculation_date = @day
  ) AS metrics,
  (
    SELECT COUNT(*) FROM tmdb_analytics.movie_viral_signals
    WHERE calculation_date = @day
  ) AS signals,
  (
    SELECT movies_observed FROM tmdb_analytics.v_published_days
    WHERE snapshot_date = @day
  ) AS observed
"""


class Meddled(Warehouse):
    """A warehouse whose scripts have another statement before the checks."""

    before_checks = ""

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        assert CHECKS_BEGIN in sql
        meddled = sql.replace(CHECKS_BEGIN, f"{self.before_checks}\n{CHECKS_BEGIN}")
        return super().run_alone(
            meddled, lock=lock, bill=bill, timeout_s=timeout_s, **parameters
        )


@pytest.fixture(scope="module")
def client(emulator: BigQueryEmulator) -> Iterator[bigquery.Client]:
    with local_tables.connect(emulator.url) as connected:
        yield connected


@pytest.fixture(scope="module")
def dataset(client: bigquery.Client) -> Meddled:
    """Return a dataset with another name than in the SQL."""
    local_tables.create_tables(client, DATASET)
    return Meddled(client, DATASET, max_bytes_billed=10**9)


@pytest.fixture
def tables(dataset: Meddled, client: bigquery.Client) -> Meddled:
    """Return the dataset with three published days only."""
    names = [path.stem for path in sorted(local_tables.SCHEMAS.glob("*.json"))]
    client.query_and_wait("\n".join(f"TRUNCATE TABLE {DATASET}.{n};" for n in names))
    dataset.before_checks = ""
    _land(dataset, popularity=10.0)
    assert _compute(OF_RANGE, dataset)["status"] == "published"
    return dataset


def _land(
    tables: Warehouse, *, popularity: float, days: list[date] = DAYS, at: int = 9
) -> None:
    votes = {"vote_count": 100, "vote_average": 7.5}
    land_details(tables, days, MOVIES, at, popularity=popularity, **votes)


def _delivery(name: str = "") -> Delivery:
    """Return a new message, because the jobs of earlier tests stay."""
    return replace(DELIVERY, id=f"{name}{time.monotonic_ns()}")


def _compute(
    request: MetricsRequest, tables: Warehouse, delivery: Delivery | None = None
) -> dict[str, Any]:
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics())
    return run(request, delivery or _delivery(), clients)


def _look(tables: Warehouse, day: date = DAY) -> tuple[float, float, int, int | None]:
    [row] = tables.select(CONSISTENT, day=day)
    return row["snapshots"], row["metrics"], row["signals"], row["observed"]


def _events(tables: Warehouse) -> list[dict[str, Any]]:
    return tables.select(
        "SELECT event, reason, bytes_billed, message_id\n"
        "FROM tmdb_analytics.ingestion_log ORDER BY logged_at"
    )


def _duplicates(tables: Warehouse) -> list[dict[str, Any]]:
    return tables.select(
        "SELECT * FROM tmdb_analytics.check_findings\n"
        "WHERE check_name = 'duplicate_keys' ORDER BY snapshot_date"
    )


BEFORE = (10.0 * MOVIES, 10.0 * MOVIES, MOVIES, MOVIES)
AFTER = (20.0 * MOVIES, 20.0 * MOVIES, MOVIES, MOVIES)


def test_readers_see_a_day_before_or_after_and_never_between(tables: Meddled) -> None:
    _land(tables, popularity=20.0, days=[DAY], at=10)
    ended = threading.Event()
    seen: list[tuple[float, float, int, int | None]] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(_look(tables))

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            assert _compute(OF_RUN, tables)["status"] == "published"
        finally:
            ended.set()
        reader.result()
    assert len(seen) > 1
    assert set(seen) <= {BEFORE, AFTER}
    assert seen[0] == BEFORE
    assert _look(tables) == AFTER


def test_a_statement_that_fails_in_the_middle_leaves_the_day_as_it_was(
    tables: Meddled,
) -> None:
    _land(tables, popularity=20.0, days=[DAY], at=10)
    tables.before_checks = "SELECT ERROR('no');"
    with pytest.raises(StatementError):
        _compute(OF_RUN, tables)
    assert _look(tables) == BEFORE
    failed = _events(tables)[-1]
    assert failed["event"] == "COMPUTATION_FAILED"
    assert "no" in failed["reason"]
    # The redelivery succeeds.
    tables.before_checks = ""
    assert _compute(OF_RUN, tables)["status"] == "published"
    assert _look(tables) == AFTER


def test_a_published_day_whose_recomputation_fails_a_check_stays_as_it_was(
    tables: Meddled,
) -> None:
    _land(tables, popularity=20.0, days=[DAY], at=10)
    tables.before_checks = ANOTHER_ROW_OF_MOVIE_1
    answer = _compute(OF_RUN, tables)
    reason = (
        "duplicate_keys: 1 on 2026-03-10, movie 1: 2 rows in movie_metrics_aggregated"
    )
    assert (answer["status"], answer["failed_checks"]) == ("withheld", [reason])
    assert _look(tables) == BEFORE
    failed = _events(tables)[-1]
    assert (failed["event"], failed["reason"]) == ("CHECK_FAILED", reason)
    # A correct computation replaces the whole day.
    tables.before_checks = ""
    assert _compute(OF_RUN, tables)["status"] == "published"
    assert _look(tables) == AFTER


def test_a_day_that_fails_the_first_time_is_stored_and_stays_out_of_the_views(
    tables: Meddled,
) -> None:
    day = DAY + timedelta(1)
    _land(tables, popularity=30.0, days=[day])
    tables.before_checks = ANOTHER_ROW_OF_MOVIE_1
    request = MetricsRequest(f"daily-{day}", day, day)
    assert _compute(request, tables)["status"] == "withheld"
    snapshots, _, signals, observed = _look(tables, day)
    assert (snapshots, signals, observed) == (30.0 * MOVIES, MOVIES, None)
    tables.before_checks = ""
    assert _compute(request, tables)["status"] == "published"
    assert _look(tables, day) == (30.0 * MOVIES, 30.0 * MOVIES, MOVIES, MOVIES)


def test_what_the_checks_find_of_a_day_is_kept_with_it(tables: Meddled) -> None:
    days = [DAY + timedelta(1), DAY + timedelta(2)]
    _land(tables, popularity=30.0, days=days)
    requests = [MetricsRequest(f"daily-{day}", day, day) for day in days]
    found = [
        {
            "snapshot_date": day,
            "check_name": "duplicate_keys",
            "severity": "fail",
            "offending_rows": 1,
            "examples": [
                {"movie_id": 1, "problem": "2 rows in movie_metrics_aggregated"}
            ],
        }
        for day in days
    ]
    tables.before_checks = ANOTHER_ROW_OF_MOVIE_1
    for request in requests:
        assert _compute(request, tables)["status"] == "withheld"
    assert _duplicates(tables) == found
    # A published day stays unchanged, and so do its stored findings.
    assert _compute(OF_RUN, tables)["status"] == "withheld"
    assert _duplicates(tables) == found
    # After a correct computation, that day has no finding, but the other day has.
    tables.before_checks = ""
    assert _compute(requests[0], tables)["status"] == "published"
    assert _duplicates(tables) == found[1:]


def _charts(tables: Warehouse, day: date = DAY) -> list[list[tuple[int, float]]]:
    """Return the vintages of a day's chart, oldest first: movies and popularity."""
    rows = tables.select(
        "SELECT published_at, movie_id, popularity, run_id, code_version\n"
        "FROM tmdb_analytics.chart_history\n"
        "WHERE list_name = 'chart' AND snapshot_date = @day\n"
        "ORDER BY published_at, rank, movie_id",
        day=day,
    )
    assert {row["code_version"] for row in rows} <= {"test"}
    vintages: dict[datetime, list[tuple[int, float]]] = {}
    for row in rows:
        vintage = vintages.setdefault(row["published_at"], [])
        vintage.append((row["movie_id"], row["popularity"]))
    return list(vintages.values())


def _chart_as_of(tables: Warehouse, moment: datetime) -> list[tuple[int, float]]:
    rows = tables.select(
        sql_files.of_folder("queries")["chart_as_of"],
        from_date=DAY,
        to_date=DAY,
        as_of=moment,
    )
    return [
        (row["movie_id"], row["popularity"])
        for row in rows
        if row["list_name"] == "chart"
    ]


FIRST_CHART = [(n, 10.0) for n in range(1, MOVIES + 1)]
SECOND_CHART = [(n, 20.0) for n in range(1, MOVIES + 1)]


def test_a_late_batch_makes_a_second_vintage_and_the_first_stays_as_it_was(
    tables: Meddled,
) -> None:
    assert _charts(tables) == [FIRST_CHART]
    between = datetime.now(UTC)
    _land(tables, popularity=20.0, days=[DAY], at=10)
    assert _compute(OF_RUN, tables)["status"] == "published"
    assert _charts(tables) == [FIRST_CHART, SECOND_CHART]
    assert _chart_as_of(tables, between) == FIRST_CHART
    assert _chart_as_of(tables, datetime.now(UTC)) == SECOND_CHART
    # The day before was not computed again, and has one vintage.
    assert _charts(tables, DAYS[1]) == [FIRST_CHART]


def test_a_redelivery_and_a_computation_without_news_add_no_vintage(
    tables: Meddled,
) -> None:
    before = tables.select("SELECT COUNT(*) AS n FROM tmdb_analytics.chart_history")
    delivery = _delivery()
    for each in (delivery, delivery, _delivery()):
        assert _compute(OF_RANGE, tables, each)["status"] == "published"
    now = tables.select("SELECT COUNT(*) AS n FROM tmdb_analytics.chart_history")
    assert now == before


def test_a_day_that_is_not_published_or_stays_as_it_was_has_no_new_vintage(
    tables: Meddled,
) -> None:
    day = DAY + timedelta(1)
    _land(tables, popularity=30.0, days=[day])
    _land(tables, popularity=20.0, days=[DAY], at=10)
    tables.before_checks = ANOTHER_ROW_OF_MOVIE_1
    for request in (OF_RUN, MetricsRequest(f"daily-{day}", day, day)):
        assert _compute(request, tables)["status"] == "withheld"
    assert (_charts(tables), _charts(tables, day)) == ([FIRST_CHART], [])


def test_what_cannot_be_recorded_is_not_published(
    tables: Meddled, client: bigquery.Client
) -> None:
    """Every published day has a vintage: both are written in one transaction."""
    _land(tables, popularity=20.0, days=[DAY], at=10)
    history = f"{DATASET}.chart_history"
    client.query_and_wait(f"ALTER TABLE {history} DROP COLUMN surge")
    try:
        with pytest.raises(StatementError):
            _compute(OF_RUN, tables)
        assert _look(tables) == BEFORE
    finally:
        client.query_and_wait(f"DROP TABLE {history}")
        local_tables.create_tables(client, DATASET)
    assert _compute(OF_RUN, tables)["status"] == "published"
    assert _look(tables) == AFTER
    assert _charts(tables) == [SECOND_CHART]


def test_two_computations_of_a_new_day_at_once_write_no_row_twice(
    tables: Meddled,
) -> None:
    day = DAY + timedelta(1)
    _land(tables, popularity=30.0, days=[day])
    request = MetricsRequest(f"daily-{day}", day, day)

    def compute_it(delivery: Delivery) -> str:
        try:
            return str(_compute(request, tables, delivery)["status"])
        except RunBusyError:
            return "busy"

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(compute_it, [_delivery(f"{n}-") for n in range(4)]))
    assert set(ended) <= {"published", "busy"}
    assert "published" in ended
    assert _look(tables, day) == (30.0 * MOVIES, 30.0 * MOVIES, MOVIES, MOVIES)
    assert len(_charts(tables, day)) == 1


def _until_running(
    client: bigquery.Client, starter: subprocess.Popen[bytes] | None = None
) -> bigquery.QueryJob:
    give_up_at = time.monotonic() + 120
    while time.monotonic() < give_up_at:
        has_ended = starter is not None and starter.poll() is not None
        for job in client.list_jobs(state_filter="running"):
            if isinstance(job, bigquery.QueryJob) and "_metrics_" in job.job_id:
                return job
        assert not has_ended, "the process ended: standard error says why"
        time.sleep(0.05)
    raise AssertionError("no script was started")


def test_while_one_computes_another_is_redelivered(
    tables: Meddled, client: bigquery.Client
) -> None:
    tables.before_checks = SLOW
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(_compute, OF_RUN, tables)
        job = _until_running(client)
        quick = Warehouse(client, DATASET, max_bytes_billed=10**9)
        with pytest.raises(RunBusyError, match=job.job_id):
            _compute(OF_RANGE, quick)
        job.cancel()
        with pytest.raises(Exception, match="cancelled"):
            slow.result()
    assert _compute(OF_RANGE, quick)["status"] == "published"


def test_a_deadline_ends_the_job_and_leaves_the_day_as_it_was(
    tables: Meddled, client: bigquery.Client
) -> None:
    _land(tables, popularity=20.0, days=[DAY], at=10)
    tables.before_checks = SLOW
    clients = Clients(tables, Ledger(tables, "test"), FakeTopics())
    with pytest.raises(DeadlineError):
        compute.of_run(OF_RUN, _delivery(), clients, Deadline.after(6))
    assert _look(tables) == BEFORE
    assert not list(client.list_jobs(state_filter="running"))
    assert _events(tables)[-1]["event"] == "COMPUTATION_FAILED"


def test_bigquery_ends_a_job_at_its_deadline_when_nobody_waits_for_it(
    client: bigquery.Client,
) -> None:
    config = bigquery.QueryJobConfig(job_timeout_ms=500)
    job = client.query(SLOW, job_config=config)
    time.sleep(3)
    job.reload()
    assert (job.state, job.error_result["reason"]) == ("DONE", "stopped")


_IN_A_PROCESS = """
import sys
from dataclasses import replace
from local import tables as local_tables
from tests.functions.compute_metrics import test_publication as test

tables = test.Meddled(local_tables.connect(sys.argv[1]), test.DATASET, 10**9)
tables.before_checks = test.A_FEW_SECONDS
test._compute(test.OF_RUN, tables, replace(test.DELIVERY, id=sys.argv[2]))
"""
A_FEW_SECONDS = SLOW.replace("100000", "20000")


def _scripts(client: bigquery.Client) -> list[str]:
    """Return the ids of every script, the newest first."""
    ids = [job.job_id for job in client.list_jobs()]
    return [one for one in ids if one.startswith(DATASET) and "_metrics_" in one]


def test_what_a_killed_function_has_started_is_taken_over_and_not_done_twice(
    tables: Meddled, client: bigquery.Client, emulator: BigQueryEmulator
) -> None:
    _land(tables, popularity=20.0, days=[DAY], at=10)
    before = _scripts(client)
    delivery = _delivery()
    command = [sys.executable, "-c", _IN_A_PROCESS, emulator.url, delivery.id]
    with subprocess.Popen(command, cwd=ROOT) as killed:  # noqa: S603 - our own command
        job = _until_running(client, killed)
        killed.kill()
    assert _look(tables) == BEFORE
    # The redelivery.
    assert _compute(OF_RUN, tables, delivery)["status"] == "published"
    assert _look(tables) == AFTER
    assert _scripts(client) == [job.job_id, *before]
    assert _events(tables)[-1]["event"] == "METRICS_DONE"


def test_a_computation_whose_record_is_lost_is_recorded_and_not_done_again(
    tables: Meddled, client: bigquery.Client
) -> None:
    delivery = _delivery()
    assert _compute(OF_RUN, tables, delivery)["status"] == "published"
    before = _scripts(client)
    assert before
    client.query_and_wait(f"TRUNCATE TABLE {DATASET}.ingestion_log")
    assert _compute(OF_RUN, tables, delivery)["status"] == "published"
    assert _scripts(client) == before
    assert [event["event"] for event in _events(tables)] == ["METRICS_DONE"]
