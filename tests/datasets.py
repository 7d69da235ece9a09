"""Datasets of tests on a running BigQuery emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse


@contextmanager
def own_dataset(emulator: BigQueryEmulator, test: str) -> Iterator[Warehouse]:
    """Make every table in a dataset of the test's own: the SQL must follow it."""
    # The same in every process: translations of its statements are kept on disk.
    dataset = f"d{crc32(test.encode())}"
    with local_tables.connect(emulator.url) as client:
        local_tables.create_tables(client, dataset)
        yield Warehouse(client, dataset, max_bytes_billed=10**9)
