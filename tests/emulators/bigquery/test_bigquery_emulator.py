"""The BigQuery emulator, called by the real client; data survive a restart.

Out also: what happens at a stop, a crash, a wrong version and a start that fails.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pytest
from google.api_core.exceptions import Conflict, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from emulators.bigquery import (
    BigQueryEmulator,
    BigQueryEmulatorError,
    FolderHeldError,
    folder,
    versions,
)
from local import tables
from tests.emulators.bigquery.separately import printed_by
from tests.sql import cases
from tests.sql.sandbox import sandbox_in

ROOT = Path(__file__).parents[3]
TABLE = "local.traction.movies"

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEmulator]:
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


@contextmanager
def connected(emulator: BigQueryEmulator) -> Iterator[bigquery.Client]:
    client = bigquery.Client(
        project=emulator.project,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": emulator.url},
    )
    with client:
        yield client


def store(client: bigquery.Client, movie_id: int) -> None:
    """Insert a row; it is acknowledged when this returns."""
    query = "CREATE SCHEMA IF NOT EXISTS traction"
    client.query_and_wait(query)
    query = f"CREATE TABLE IF NOT EXISTS {TABLE} (movie_id INT64, seen_on DATE)"
    client.query_and_wait(query)
    row = {"movie_id": movie_id, "seen_on": "2026-11-23"}
    assert client.insert_rows_json(TABLE, [row]) == []


def movie_ids(client: bigquery.Client) -> list[int]:
    rows = client.query_and_wait(f"SELECT movie_id FROM {TABLE} ORDER BY movie_id")
    return [row["movie_id"] for row in rows]


def test_a_killed_and_a_stopped_emulator_lose_no_row(tmp_path: Path) -> None:
    with BigQueryEmulator(tmp_path) as first, connected(first) as client:
        store(client, 1)
        first.kill()

    with BigQueryEmulator(tmp_path) as second, connected(second) as client:
        assert movie_ids(client) == [1]
        store(client, 2)
    assert second.exit_code == 0

    # All data are in the file, without a write-ahead log beside it.
    assert {path.name for path in tmp_path.iterdir()} == {
        "emulator.duckdb",
        "emulator.log",
        "holder.pid",
        "local.bq.duckdb",
    }
    with duckdb.connect(tmp_path / "local.bq.duckdb", read_only=True) as file:
        rows = file.execute("SELECT movie_id FROM traction.movies ORDER BY ALL")
        assert rows.fetchall() == [(1,), (2,)]


def test_dates_and_times_are_utc_without_the_icu_extension(
    emulator: BigQueryEmulator,
) -> None:
    with connected(emulator) as client:
        [row] = client.query_and_wait(
            "SELECT DATE(TIMESTAMP '2026-11-22 23:30:00-02:00') AS utc_date, "
            "FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2026-01-01 12:00:00+01:00') AS noon, "
            "DATE_DIFF(CURRENT_DATE(), EXTRACT(DATE FROM CURRENT_TIMESTAMP()), DAY) "
            "AS days"
        )
    assert (str(row["utc_date"]), row["noon"], row["days"]) == (
        "2026-11-23",
        "11:00",
        0,
    )


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with BigQueryEmulator(tmp_path, storage=True) as emulator:
        _listens_on_loopback_only(emulator)


def test_the_storage_api_is_served_where_it_is_requested(
    emulator: BigQueryEmulator,
) -> None:
    assert emulator.storage_address == ""


def _listens_on_loopback_only(emulator: BigQueryEmulator) -> None:
    for address in (emulator.url.removeprefix("http://"), emulator.storage_address):
        host, port = address.split(":")
        assert host == "127.0.0.1"
        # Nobody listens on the machine's other addresses.
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.2", int(port)), timeout=1)


def test_the_log_does_not_grow_with_requests(emulator: BigQueryEmulator) -> None:
    with connected(emulator) as client:
        client.query_and_wait("SELECT 1")
    line, *requests = emulator.log_path.read_text().splitlines()
    assert requests == []
    assert line.startswith(f"listening on {emulator.url}")


def test_a_second_emulator_on_the_folder_fails_and_names_the_first(
    emulator: BigQueryEmulator,
) -> None:
    with pytest.raises(FolderHeldError) as refused:
        BigQueryEmulator(emulator.log_path.parent)
    assert refused.value.pid == os.getpid()
    assert f"is in use by process {os.getpid()}: " in str(refused.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BigQueryEmulatorError, match="cannot be written") as refused:
        BigQueryEmulator(tmp_path / "file" / "data")
    assert str(tmp_path / "file") in str(refused.value)


def test_a_full_disk_is_an_error_before_anything_runs(tmp_path: Path) -> None:
    full = "MB free and needs .* free some space"
    with pytest.raises(BigQueryEmulatorError, match=full):
        folder.take(tmp_path, least_free_bytes=1 << 60)
    os.close(folder.take(tmp_path))


def test_a_taken_port_is_named(emulator: BigQueryEmulator, tmp_path: Path) -> None:
    port = int(emulator.url.rpartition(":")[2])
    taken = rf"Address already in use.* \(port {port}\)"
    with pytest.raises(BigQueryEmulatorError, match=taken):
        BigQueryEmulator(tmp_path, port)


def test_one_that_cannot_read_its_data_fails_with_its_log(tmp_path: Path) -> None:
    (tmp_path / "emulator.duckdb").write_text("no database")
    failed = r"(?s)\(exit code 1\).* not a valid DuckDB database"
    with pytest.raises(BigQueryEmulatorError, match=failed):
        BigQueryEmulator(tmp_path)


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    start = (
        "import pathlib, sys, time; from emulators.bigquery import *; "
        "emulator = BigQueryEmulator(pathlib.Path(sys.argv[1])); "
        "print(emulator.url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(  # noqa: S603 - our own code
        [sys.executable, "-c", start, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        port = int(parent.stdout.readline().rpartition(":")[2])
        os.kill(parent.pid, signal.SIGKILL)

    give_up_at = time.monotonic() + 15
    while time.monotonic() < give_up_at:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    pytest.fail("the emulator outlived the process that started it")


def test_another_version_is_refused_at_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(versions.TRIED, "sqlglot", "1.2.3")
    monkeypatch.setitem(versions.TRIED, "not-there", "1.0")
    installed = metadata.version("sqlglot")

    with pytest.raises(BigQueryEmulatorError) as caught:
        BigQueryEmulator(tmp_path)

    assert f"sqlglot {installed} instead of 1.2.3" in str(caught.value)
    assert "not-there (absent) instead of 1.0" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_tried_versions_are_the_pinned_ones() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    for name, version in versions.TRIED.items():
        assert f"{name}=={version}" in groups["local"]


def test_a_translation_is_remembered_for_its_values_and_its_tables(
    emulator: BigQueryEmulator,
) -> None:
    question = "SELECT COALESCE(seen, CAST(@day AS STRING)) AS seen FROM traction.seen"
    merge = (
        "MERGE traction.seen AS s USING (SELECT @day AS day) AS f ON FALSE "
        "WHEN NOT MATCHED THEN INSERT (seen) VALUES (CAST(f.day AS STRING))"
    )
    with connected(emulator) as client:

        def run(sql: str, day: str = "2026-11-01") -> list[object]:
            parameter = bigquery.ScalarQueryParameter("day", "DATE", day)
            config = bigquery.QueryJobConfig(query_parameters=[parameter])
            return [row[0] for row in client.query_and_wait(sql, job_config=config)]

        run("CREATE SCHEMA IF NOT EXISTS traction")
        run("CREATE OR REPLACE TABLE traction.seen (seen STRING)")
        for _ in range(2):  # found, then remembered
            for day in ("2026-11-01", "2026-11-02"):
                run(merge, day)
        assert sorted(map(str, run(question))) == 2 * ["2026-11-01"] + 2 * [
            "2026-11-02"
        ]

        # Another table with the same name: `SELECT *` and types are read again.
        star = "SELECT * FROM traction.seen"
        half = "SELECT seen / 2 FROM traction.seen"
        run("CREATE OR REPLACE TABLE traction.seen (seen INT64)")
        run("INSERT INTO traction.seen (seen) VALUES (3)")
        assert (run(star), run(half)) == ([3], [1.5])
        run("CREATE OR REPLACE TABLE traction.seen (day DATE, seen NUMERIC)")
        run("INSERT INTO traction.seen (day, seen) VALUES (@day, 3)")
        assert [str(value) for value in (*run(star), *run(half))] == [
            "2026-11-01",
            "1.5",
        ]


def test_a_table_replaced_by_a_load_or_a_query_is_read_as_it_is_then(
    emulator: BigQueryEmulator,
) -> None:
    table = "local.traction.replaced"
    star = f"SELECT * FROM {table}"
    with connected(emulator) as client:

        def read() -> list[tuple[object, ...]]:
            for _ in range(2):  # found, then remembered
                rows = [tuple(row.values()) for row in client.query_and_wait(star)]
            return rows

        client.create_dataset("traction", exists_ok=True)
        for line in ({"a": 1}, {"a": "x", "b": 2.5}):
            load = bigquery.LoadJobConfig(
                autodetect=True, write_disposition="WRITE_TRUNCATE"
            )
            client.load_table_from_json([line], table, job_config=load).result()
            assert read() == [tuple(line.values())]
        target = bigquery.QueryJobConfig(
            destination=table, write_disposition="WRITE_TRUNCATE"
        )
        client.query("SELECT 1 AS a, 2 AS b, 'z' AS c", job_config=target).result()
        assert read() == [(1, 2, "z")]


@pytest.mark.exhaustive
def test_a_kept_result_is_what_stock_answers(tmp_path: Path) -> None:
    """Compared for every query of sql/ and every type, byte for byte."""
    folder = tmp_path / "data"
    given: dict[str, list[dict[str, Any]]] = {}
    for path in cases.paths():
        for table, rows in cases.read(path).tables.items():
            given.setdefault(table, rows)
    with sandbox_in(folder) as sandbox:
        for table, rows in given.items():
            sandbox.load(table, rows)
    compared = printed_by("both_results", folder)
    assert compared["compared"] > 100
    assert compared["rows"] > 30
    assert compared["differing"] == []


@pytest.mark.exhaustive
def test_a_merge_stores_what_stock_stores(tmp_path: Path) -> None:
    """Compared for every form and every day's statements: answers, rows, order."""
    with sandbox_in(tmp_path / "stock"):
        pass
    shutil.copytree(tmp_path / "stock", tmp_path / "patched")
    stock, patched = (
        printed_by("both_merges", tmp_path / how, how) for how in ("stock", "patched")
    )
    assert len(stock) > 130
    assert sum(len(stored) > 0 for _, stored in stock.values()) > 100
    refused = [name for name, (answer, _) in stock.items() if "reason" in answer]
    assert len(refused) > 3
    assert [name for name in stock if patched[name] != stock[name]] == []


@pytest.mark.exhaustive
def test_a_load_stores_what_stock_stores(tmp_path: Path) -> None:
    """Compared for values of every kind in columns of every type."""
    compared = printed_by("both_loads", tmp_path)
    assert compared["compared"] > 150
    assert compared["refused"] > 30
    assert compared["differing"] == []


def test_a_killed_emulator_still_knows_its_jobs(tmp_path: Path) -> None:
    known = "SELECT COUNT(*) FROM region-us.INFORMATION_SCHEMA.JOBS WHERE job_id = '{}'"
    with BigQueryEmulator(tmp_path) as first, connected(first) as client:
        client.query("SELECT 1", job_id="before", job_retry=None).result()
        [listed] = client.query_and_wait(known.format("before"))
        client.query("SELECT 1", job_id="after", job_retry=None).result()
        first.kill()

    with BigQueryEmulator(tmp_path) as second, connected(second) as client:
        for job_id in ("before", "after"):
            [again] = client.query_and_wait(known.format(job_id))
            assert (listed[0], again[0]) == (1, 1)
            assert client.get_job(job_id).state == "DONE"
            with pytest.raises(Conflict):
                client.query("SELECT 1", job_id=job_id, job_retry=None)


def test_a_view_that_is_made_again_is_read_as_it_is_then(
    emulator: BigQueryEmulator,
) -> None:
    first = "CREATE OR REPLACE VIEW traction.seen_days AS SELECT day FROM traction.seen"
    second = first.replace("SELECT day", "SELECT CAST(day AS STRING) AS day, 1 AS one")
    outer = "CREATE OR REPLACE VIEW traction.around AS SELECT * FROM traction.seen_days"
    question = "SELECT * FROM traction.seen_days"
    with connected(emulator) as client:

        def run(sql: str) -> list[tuple[object, ...]]:
            return [tuple(row.values()) for row in client.query_and_wait(sql)]

        run("CREATE SCHEMA IF NOT EXISTS traction")
        run("CREATE OR REPLACE TABLE traction.seen (day DATE)")
        run("INSERT INTO traction.seen (day) VALUES (DATE '2026-11-01')")
        for _ in range(2):  # made, then made again with the same text
            run(first)
            assert run(question) == [(date(2026, 11, 1),)]
        run(second)
        assert run(question) == [("2026-11-01", 1)]
        run(outer)
        assert run("SELECT * FROM traction.around") == [("2026-11-01", 1)]
        run("DROP VIEW traction.around")
        run("DROP VIEW traction.seen_days")
        with pytest.raises(NotFound):
            run(question)
        run(first)
        assert run(question) == [(date(2026, 11, 1),)]


def test_two_may_make_one_view_at_once(emulator: BigQueryEmulator) -> None:
    """Two deliveries of one request do so: in BigQuery the later one replaces it."""
    with connected(emulator) as client:
        store(client, 1)
        view = "CREATE OR REPLACE VIEW traction.at_once AS SELECT movie_id FROM "
        with ThreadPoolExecutor(8) as threads:
            made = threads.map(client.query_and_wait, [view + TABLE] * 40)
            assert len(list(made)) == 40
        assert list(client.query_and_wait("SELECT * FROM traction.at_once"))


def test_tables_of_an_older_version_get_the_new_columns(
    emulator: BigQueryEmulator,
) -> None:
    with connected(emulator) as client:
        client.create_dataset("older", exists_ok=True)
        newest = tables.table(tables.SCHEMAS / "catalogue_days.json", "older")
        older = bigquery.Table(newest.reference, schema=newest.schema[:2])
        client.create_table(older)
        for _ in range(2):  # the second time nothing is missing
            tables.create_tables(client, "older")
            made = client.get_table(newest.reference)
            assert [field.name for field in made.schema] == [
                field.name for field in newest.schema
            ]
