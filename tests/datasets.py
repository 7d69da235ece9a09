"""Datasets of tests on a running BigQuery emulator."""

from collections.abc import Iterator
from contextlib import contextmanager

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse


@contextmanager
def own_dataset(emulator: BigQueryEmulator, test: str) -> Iterator[Warehouse]:
    """Make every table in a dataset of the test's own: the SQL must follow it."""
    dataset = f"d{abs(hash(test)) % 10**9}"
    with local_tables.connect(emulator.url) as client:
        local_tables.create_tables(client, dataset)
        yield Warehouse(client, dataset, max_bytes_billed=10**9)
