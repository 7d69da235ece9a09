"""Fixtures of the SQL tests: one dataset, empty at the start of each test."""

from collections.abc import Iterator

import pytest

from emulators.bigquery import BigQueryEmulator
from local import tables
from local.public_tables import create_pageviews
from tests.sql.sandbox import Sandbox


@pytest.fixture(scope="session")
def prepared(emulator: BigQueryEmulator) -> Iterator[Sandbox]:
    """Return the sandbox that all SQL tests share, with the SQL's dataset name."""
    with tables.connect(emulator.url) as client:
        tables.create_tables(client)
        tables.create_views(client)
        create_pageviews(client, 2026)
        yield Sandbox(client)


@pytest.fixture
def sandbox(prepared: Sandbox) -> Sandbox:
    """Return the sandbox, its tables empty."""
    prepared.clear()
    return prepared
