"""The time of a daily run by part: sums worked by hand, and a deployment's jobs."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.daily_run import deployment, report, spans
from benchmarks.daily_run.spans import Kind, Span
from benchmarks.daily_run.stack import kind_of_call
from emulators.bigquery import BigQueryEmulator
from local.tables import DATASET, PROJECT, connect, create_tables

NOON = datetime(2026, 6, 2, 12, tzinfo=UTC)
DAY = date(2026, 6, 2)


def _span(function: str, began_s: float, ended_s: float, kind: str = "") -> Span:
    began_at, ended_at = (NOON + timedelta(seconds=s) for s in (began_s, ended_s))
    return Span(function, began_at, ended_at, kind)


def test_work_is_what_the_ledger_says_at_its_end() -> None:
    ledger = [
        {"event": "RUN_PLANNED", "logged_at": NOON, "seconds": None},
        {
            "event": "BATCH_DONE",
            "logged_at": NOON + timedelta(seconds=9),
            "seconds": 8.0,
        },
        {"event": "METRICS_REQUESTED", "logged_at": NOON, "seconds": None},
    ]
    assert spans.work(ledger) == [
        _span("ingest_changes", 0, 0),
        _span("fetch_details", 1, 9),
    ]


def test_seconds_at_once_count_once_and_gaps_are_waiting() -> None:
    done = [_span("a", 5, 6), _span("a", 0, 2), _span("b", 1, 3), _span("b", 1, 2)]
    assert spans.covered_s(done) == 3 + 1
    assert spans.whole_s(done) == 6
    assert spans.covered_s([]) == spans.whole_s([]) == 0


def test_queries_are_summed_by_function_and_kind() -> None:
    queries = [_span("a", 0, 2, "x"), _span("a", 1, 4, "x"), _span("b", 0, 1, "x")]
    assert spans.by_kind(queries) == [
        Kind("a", "x", 2, 5.0, 3.0, 0),
        Kind("b", "x", 1, 1.0, 1.0, 0),
    ]


@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("-- v_run_status: how far each run has come\nSELECT 1", "v_run_status"),
        ("\n-- a remark about it: none\nSELECT a\nFROM b", "SELECT a FROM b"),
        ("SELECT 1, 2, 3, 4, 5, 6, 7", "SELECT 1, 2, 3, 4, 5,"),
        ("", ""),
    ],
)
def test_a_query_is_called_as_its_first_comment_says(sql: str, kind: str) -> None:
    assert spans.kind_of(sql) == kind


@pytest.mark.parametrize(
    ("method", "path", "body", "kind"),
    [
        ("POST", "/bigquery/v2/projects/p/queries", {"query": "SELECT 1"}, "SELECT 1"),
        (
            "POST",
            "/bigquery/v2/projects/p/jobs?prettyPrint=false",
            {"configuration": {"query": {"query": "SELECT 2"}}},
            "SELECT 2",
        ),
        ("POST", "/upload/bigquery/v2/projects/p/jobs", {}, "load"),
        (
            "POST",
            "/bigquery/v2/projects/p/datasets/d/tables/t/insertAll",
            {},
            "append to t",
        ),
        ("GET", "/bigquery/v2/projects/p/queries/j", {}, "state or result of a job"),
        ("GET", "/bigquery/v2/projects/p/jobs/j", {}, "state or result of a job"),
        ("GET", "/bigquery/v2/projects/p/datasets/d/tables/t", {}, "GET tables"),
    ],
)
def test_a_request_is_called_by_what_it_asks(
    method: str, path: str, body: dict[str, object], kind: str
) -> None:
    assert kind_of_call(method, path, json.dumps(body).encode()) == kind


@pytest.mark.parametrize(
    ("account", "function"),
    [
        ("tmdb-fetch-details@p.iam.gserviceaccount.com", "fetch_details"),
        ("compute-metrics@p.iam.gserviceaccount.com", "compute_metrics"),
        ("somebody@example.com", None),
        ("", None),
    ],
)
def test_a_service_account_is_of_the_function_in_its_name(
    account: str, function: str | None
) -> None:
    assert deployment.function_of(account) == function


@pytest.mark.emulator
def test_a_deployments_run_is_read_from_its_ledger_and_jobs(tmp_path: Path) -> None:
    """The emulator has one account for all; here it is that of compute_metrics."""
    accounts = {"local-bigquery@localhost": "compute_metrics"}
    with (
        BigQueryEmulator(tmp_path, project=PROJECT) as emulator,
        connect(emulator.url) as client,
    ):
        create_tables(client)
        assert deployment.day(client, DATASET, DAY, accounts.get) == ([], [])
        client.query_and_wait(
            f"INSERT INTO {DATASET}.ingestion_log "
            "(run_id, run_date, mode, event, seconds, logged_at) VALUES "
            f"('daily-{DAY}', DATE '{DAY}', 'daily', 'METRICS_DONE', 5.0, "
            "CURRENT_TIMESTAMP())"
        )
        client.query_and_wait("-- asked: by the function\nSELECT 1 AS one")
        client.query_and_wait("BEGIN SELECT 1 AS one; SELECT 2 AS two; END")
        work, queries = deployment.day(client, DATASET, DAY, accounts.get)
        _, of_nobody = deployment.day(client, DATASET, DAY)
    assert [(span.function, round(span.seconds)) for span in work] == [
        ("compute_metrics", 5)
    ]
    kinds = [span.kind for span in queries]
    assert kinds.count("asked") == 1
    assert kinds.count("BEGIN SELECT 1 AS one; SELECT") == 1  # a script is one job
    assert all(span.seconds >= 0 for span in queries)
    assert of_nobody == []


def test_the_report_has_every_function_and_query(
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = [_span("fetch_details", 0, 8), _span("compute_metrics", 10, 12)]
    queries = [_span("fetch_details", 1, 2, "append to t")]
    report.show(Console(width=80), work, queries)
    lines = [line.strip("│┃ ").split() for line in capsys.readouterr().out.splitlines()]
    words = [[word for word in line if word not in "│┃"] for line in lines]
    assert ["fetch_details", "8.00", "1.00", "1", "1.00", "1.00"] in words
    assert ["compute_metrics", "2.00", "0.00", "0", "0.00", "0.00"] in words
    assert ["waiting", "2.00"] in words
    assert ["whole", "run", "12.00"] in words
    assert ["append", "to", "t", "fetch_details", "1", "1.00", "1.00"] in words
