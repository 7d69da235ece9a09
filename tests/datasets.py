"""Datasets of tests on a running BigQuery emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
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
