"""Fixtures of all tests: their own environment, and connections to loopback only."""

import os
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

from emulators.bigquery import BigQueryEmulator
from emulators.tmdb import TmdbSimulator

if TYPE_CHECKING:
    from shared.bigquery import Warehouse

# A busy machine is no defect of the code.
hypothesis.settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("patient")

pytest_plugins = ["tests.skips"]

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared/data"
"""Real TMDB data beside the checkout; TMDB's terms keep it out of the repository."""


LONGEST = (
    "tests/test_replay.py",
    "tests/benchmarks/",
    "tests/terraform/",
    "tests/test_pipeline.py",
    "tests/local/test_demo.py",
    "tests/local/test_guest.py",
    "tests/test_no_secrets.py",
    "tests/functions/render_dashboard/test_board.py",
    "tests/cli/test_operating.py",
)
"""They take minutes, so they start first: with several processes, none waits."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, and leave the order of the others."""

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(ROOT).as_posix()
        starts = (n for n, long in enumerate(LONGEST) if path.startswith(long))
        return next(starts, len(LONGEST))

    items.sort(key=place)


@pytest.fixture(autouse=True, scope="module")
def _environment_of_a_module() -> Iterator[None]:
    """Undo the changes of a module's fixtures."""
    yield from _restored_environment()


@pytest.fixture(autouse=True)
def _environment_of_a_test() -> Iterator[None]:
    yield from _restored_environment()


def _restored_environment() -> Iterator[None]:
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not _is_loopback(str(address[0])):
            raise OSError(f"a test tried to reach {address[0]}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("localhost", "::1")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real TMDB data, or skip."""
    if not REAL_DATA.is_dir():
        pytest.skip("needs the real TMDB data in ../shared/data")
    return REAL_DATA


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEmulator]:
    """Return a BigQuery emulator for all tests of a process; each has its datasets."""
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


@pytest.fixture
def tables(
    emulator: BigQueryEmulator, request: pytest.FixtureRequest
) -> Iterator["Warehouse"]:
    """Return the test's own dataset, with every table."""
    # Google's libraries take almost a second to import, and most tests need none.
    from tests.datasets import own_dataset  # noqa: PLC0415

    with own_dataset(emulator, request.node.nodeid) as tables:
        yield tables


@pytest.fixture(scope="session")
def tmdb() -> Iterator[str]:
    """Return the base URL of a simulated TMDB."""
    with TmdbSimulator(today=date(2026, 6, 1), movies=20, port=0) as simulator:
        yield f"{simulator.url}/3"
