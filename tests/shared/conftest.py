"""A dataset on the embedded BigQuery, for what is written to it and read."""

from collections.abc import Iterator

import pytest

from emulators.bigquery import BigQueryEmulator
from shared.bigquery import Warehouse
from tests.datasets import own_dataset


@pytest.fixture
def tables(
    emulator: BigQueryEmulator, request: pytest.FixtureRequest
) -> Iterator[Warehouse]:
    with own_dataset(emulator, request.node.name) as tables:
        yield tables
