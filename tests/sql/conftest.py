"""For the SQL tests: one emulator and one dataset, empty at the start of each test."""

from collections.abc import Iterator

import pytest

from emulators.bigquery import BigQueryEmulator
from local.tables import PROJECT, connect
from tests.sql.sandbox import Sandbox


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return the sandbox that all SQL tests share."""
    folder = tmp_path_factory.mktemp("bigquery")
    with (
        BigQueryEmulator(folder, project=PROJECT) as emulator,
        connect(emulator.url) as client,
    ):
        sandbox = Sandbox(client)
        sandbox.prepare()
        yield sandbox


@pytest.fixture
def sandbox(prepared: Sandbox) -> Sandbox:
    """Return the sandbox, its tables empty."""
    prepared.clear()
    return prepared
