"""A dataset on the embedded BigQuery, for what is written to it and read."""

from collections.abc import Iterator

import pytest

from emulators.bigquery import BigQueryEmulator
from local import tables as local_tables
from shared.bigquery import Warehouse


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEmulator]:
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


@pytest.fixture
def tables(
    emulator: BigQueryEmulator, request: pytest.FixtureRequest
) -> Iterator[Warehouse]:
    """Return the tables of a dataset of the test's own: the SQL must follow it."""
    dataset = f"d{abs(hash(request.node.name)) % 10**9}"
    client = local_tables.connect(emulator.url)
    local_tables.create_tables(client, dataset)
    with client:
        yield Warehouse(client, dataset, max_bytes_billed=10**9)
