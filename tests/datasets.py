"""Datasets of tests on a running BigQuery emulator."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from zlib import crc32

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse


@contextmanager
def own_dataset(emulator: BigQueryEmulator, test: str) -> Iterator[Warehouse]:
    """Create every table in the test's own dataset, under another name than in sql/."""
    # The same name in every process, so that stored translations can be used.
    dataset = f"d{crc32(test.encode())}"
    with local_tables.connect(emulator.url) as client:
        local_tables.create_tables(client, dataset)
        yield Warehouse(client, dataset, max_bytes_billed=10**9)


def land_details(
    tables: Warehouse, days: Iterable[date], movies: int, at: int = 9, **values: float
) -> None:
    """Land details of movies 1, 2, ..., fetched at an hour of each day."""
    rows = [
        {
            "run_id": f"daily-{day}",
            "run_date": day.isoformat(),
            "batch_no": 1,
            "movie_id": movie_id,
            "title": f"Movie {movie_id}",
            "fetched_at": f"{day}T{at:02}:00:00Z",
            **values,
        }
        for day in days
        for movie_id in range(1, movies + 1)
    ]
    ids = [f"{time.monotonic_ns()} {n}" for n in range(len(rows))]
    assert not tables.append("movie_details_raw", rows, ids)
