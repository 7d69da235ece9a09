"""Landing rows of a run, for the tests of the warehouse and of the ledger."""

from datetime import date
from typing import Any

from shared.bigquery import Warehouse
from shared.runs import Mode, Run

DAY = date(2026, 3, 1)
RUN = Run(Mode.DAILY, DAY)


def popularity_row(movie_id: int, **fields: Any) -> dict[str, Any]:
    """Return a row of movie_popularity_raw, of the run."""
    return {
        "run_id": RUN.run_id,
        "export_date": "2026-03-01",
        "movie_id": movie_id,
        "popularity": 1.5,
        "loaded_at": "2026-03-01T09:00:00+00:00",
        **fields,
    }


def count_rows(tables: Warehouse, table: str) -> int:
    """Return the number of rows of a table."""
    [row] = tables.select(f"SELECT COUNT(*) AS n FROM tmdb_analytics.{table}")
    return int(row["n"])


def detail_row(movie_id: int, batch_no: int = 1) -> dict[str, Any]:
    """Return a row of movie_details_raw, of the run."""
    return {
        "run_id": RUN.run_id,
        "run_date": "2026-03-01",
        "batch_no": batch_no,
        "movie_id": movie_id,
        "fetched_at": "2026-03-01T09:00:00+00:00",
    }
