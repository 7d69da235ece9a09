"""The warehouse, with Google's client, on the emulator."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.cloud.bigquery import DEFAULT_RETRY

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse
from shared.bigquery_calls import Retries
from shared.errors import RowsRejectedError, StatementError, WarehouseUnavailableError
from tests.shared.landed_rows import count_rows, popularity_row

pytestmark = pytest.mark.emulator

MOST_MIB = 55


def test_a_refused_row_is_returned_and_the_others_are_written(
    tables: Warehouse,
) -> None:
    rows = [
        popularity_row(1),
        popularity_row(2, popularity="abc"),
        {**popularity_row(3), "movie_id": None},
        popularity_row(4, surprise=1),
    ]
    refusals = tables.append("movie_popularity_raw", rows, ["a", "b", "c", "d"])
    assert [refusal.index for refusal in refusals] == [1, 2, 3]
    assert "popularity" in refusals[0].reason
    assert count_rows(tables, "movie_popularity_raw") == 1


def test_more_rows_than_one_request_takes_are_split(tables: Warehouse) -> None:
    rows = [popularity_row(i) for i in range(1, 1_202)]
    rows[1_100] = popularity_row(1_101, popularity="abc")
    refusals = tables.append(
        "movie_popularity_raw", rows, [str(i) for i in range(len(rows))]
    )
    assert [refusal.index for refusal in refusals] == [1_100]
    assert count_rows(tables, "movie_popularity_raw") == 1_200


def test_a_repeated_request_writes_no_row_twice(tables: Warehouse) -> None:
    for _ in range(2):
        tables.append("movie_popularity_raw", [popularity_row(1)], ["same"])
    assert count_rows(tables, "movie_popularity_raw") == 1


def test_a_load_of_one_name_happens_once(tables: Warehouse) -> None:
    assert tables.load_once("movie_popularity_raw", [popularity_row(1)], "load")
    assert not tables.load_once("movie_popularity_raw", [popularity_row(2)], "load")
    assert count_rows(tables, "movie_popularity_raw") == 1


def test_a_load_is_done_again_in_a_dataset_made_anew(
    emulator: BigQueryEmulator,
) -> None:
    """`destroy --delete-data` and `deploy` on one day: job ids outlive the data."""
    with local_tables.connect(emulator.url) as client:
        tables = Warehouse(client, "recreated", max_bytes_billed=10**9)
        for movie_id in (1, 2):
            client.delete_dataset("recreated", delete_contents=True, not_found_ok=True)
            local_tables.create_tables(client, "recreated")
            rows = [popularity_row(movie_id)]
            assert tables.load_once("movie_popularity_raw", rows, "plan")
            assert not tables.load_once("movie_popularity_raw", rows, "plan")
            assert count_rows(tables, "movie_popularity_raw") == 1


def test_of_many_loads_at_once_one_wins(tables: Warehouse) -> None:
    def load(movie_id: int) -> bool:
        rows = [popularity_row(movie_id)]
        return tables.load_once("movie_popularity_raw", rows, "contested")

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(load, range(1, 13)))
    assert sum(won) == 1
    assert count_rows(tables, "movie_popularity_raw") == 1


def test_a_load_that_failed_may_be_tried_again(tables: Warehouse) -> None:
    with pytest.raises(RowsRejectedError):
        tables.load_once("movie_popularity_raw", [popularity_row(1, surprise=1)], "x")
    assert tables.load_once("movie_popularity_raw", [popularity_row(1)], "x")
    assert not tables.load_once("movie_popularity_raw", [popularity_row(1)], "x")
    assert count_rows(tables, "movie_popularity_raw") == 1


def test_a_long_result_is_read_in_pages(tables: Warehouse) -> None:
    """As one answer, 100,000 ids take 70 MiB at the peak; in pages 37."""
    tracemalloc.start()
    try:
        rows = tables.select(
            "SELECT movie_id FROM UNNEST(GENERATE_ARRAY(1, 100000)) AS movie_id\n"
            "ORDER BY movie_id"
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [row["movie_id"] for row in rows] == list(range(1, 100_001))
    assert peak < MOST_MIB * 2**20


def test_a_missing_table_is_our_mistake_not_an_outage(tables: Warehouse) -> None:
    with pytest.raises(StatementError):
        tables.select("SELECT * FROM tmdb_analytics.nowhere")
    with pytest.raises(RowsRejectedError, match="nowhere"):
        tables.append("nowhere", [{"a": 1}], ["a"])
    with pytest.raises(RowsRejectedError, match="nowhere"):
        tables.load_once("nowhere", [{"a": 1}], "nowhere")


def test_a_warehouse_that_is_away_is_transient() -> None:
    client = local_tables.connect("http://127.0.0.1:1")
    away = Warehouse(client, "d", 10**9, Retries(DEFAULT_RETRY.with_timeout(0.2)))
    with pytest.raises(WarehouseUnavailableError):
        away.select("SELECT 1")
    with pytest.raises(WarehouseUnavailableError):
        away.append("t", [{"a": 1}], ["a"])
