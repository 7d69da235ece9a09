"""For the SQL tests: one emulator and one dataset, empty at the start of each test."""

from collections.abc import Iterator

import pytest

from local.tables import emulated
from tests.sql.sandbox import Sandbox


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Return the sandbox that all SQL tests share."""
    folder = tmp_path_factory.mktemp("bigquery")
    with emulated(folder) as client:
        yield Sandbox(client)


@pytest.fixture
def sandbox(prepared: Sandbox) -> Sandbox:
    """Return the sandbox, its tables empty."""
    prepared.clear()
    return prepared
