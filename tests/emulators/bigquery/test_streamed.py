"""Streamed rows are answered and stored as by the original, also after changes.

The comparison runs in a separate process, with access to the emulator's internals.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from emulators.bigquery import BigQueryEmulator
from local import tables
from tests.emulators.bigquery.separately import printed_by

ROOT = Path(__file__).parents[3]
TABLE = "local.streamed.movies"

pytestmark = pytest.mark.emulator


@pytest.mark.exhaustive
def test_every_value_is_stored_or_refused_as_stock_does(tmp_path: Path) -> None:
    """Compared for values of every kind in columns of every type, byte for byte."""
    compared = printed_by("both_inserts", tmp_path)
    assert compared["compared"] > 500
    assert 200 < compared["refused"] < 400
    assert compared["differing"] == []


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bigquery.Client]:
    with (
        BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as emulator,
        tables.connect(emulator.url) as client,
    ):
        client.query_and_wait("CREATE SCHEMA streamed")
        yield client


@pytest.fixture
def table(client: bigquery.Client) -> str:
    """Return a table that was streamed into, so that its description is cached."""
    client.query_and_wait(f"CREATE OR REPLACE TABLE {TABLE} (movie_id INT64)")
    assert client.insert_rows_json(TABLE, [{"movie_id": 1}]) == []
    return TABLE


def test_a_new_column_takes_values_at_once(client: bigquery.Client, table: str) -> None:
    assert client.insert_rows_json(table, [{"movie_id": 2, "title": "B"}])
    client.query_and_wait(f"ALTER TABLE {table} ADD COLUMN title STRING")
    assert client.insert_rows_json(table, [{"movie_id": 2, "title": "B"}]) == []
    rows = client.query_and_wait(f"SELECT movie_id, title FROM {table} ORDER BY 1")
    assert [tuple(row) for row in rows] == [(1, None), (2, "B")]


def test_a_column_of_another_type_refuses_at_once(
    client: bigquery.Client, table: str
) -> None:
    client.query_and_wait(f"CREATE OR REPLACE TABLE {table} (movie_id DATE)")
    assert client.insert_rows_json(table, [{"movie_id": 1}])
    assert client.insert_rows_json(table, [{"movie_id": "2026-06-01"}]) == []


@pytest.mark.parametrize(
    "drop",
    [
        f"DROP TABLE {TABLE}",
        f"BEGIN TRANSACTION; DROP TABLE {TABLE}; COMMIT TRANSACTION;",
    ],
)
def test_a_dropped_table_takes_no_row(
    client: bigquery.Client, table: str, drop: str
) -> None:
    client.query_and_wait(drop)
    with pytest.raises(NotFound):
        client.insert_rows_json(table, [{"movie_id": 1}])
    with pytest.raises(NotFound):
        client.list_rows(table).total_rows  # noqa: B018 - reads the table


def test_a_dropped_table_that_comes_back_takes_rows(
    client: bigquery.Client, table: str
) -> None:
    client.query_and_wait(
        f"BEGIN TRANSACTION; DROP TABLE {table}; ROLLBACK TRANSACTION;"
    )
    assert client.insert_rows_json(table, [{"movie_id": 2}]) == []
    rows = client.query_and_wait(f"SELECT movie_id FROM {table} ORDER BY 1")
    assert [row["movie_id"] for row in rows] == [1, 2]


def test_a_deleted_dataset_is_not_found_until_it_is_back(
    client: bigquery.Client,
) -> None:
    client.create_dataset("local.short")
    config = bigquery.QueryJobConfig(default_dataset="local.short")
    client.query_and_wait("CREATE TABLE t AS SELECT 1 AS a", job_config=config)
    assert client.get_dataset("local.short").dataset_id == "short"
    client.delete_dataset("local.short", delete_contents=True)
    with pytest.raises(NotFound):
        client.get_dataset("local.short")
    client.create_dataset("local.short")
    client.query_and_wait("CREATE TABLE t AS SELECT 2 AS a", job_config=config)
    [row] = client.query_and_wait("SELECT a FROM t", job_config=config)
    assert row["a"] == 2
