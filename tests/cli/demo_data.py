"""Data of a demo, for the commands that read stored data."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.tables import emulated
from tests.sql.sandbox import Sandbox


@contextmanager
def as_demo(data: Path) -> Iterator[Sandbox]:
    """Open a demo's tables to fill them; the commands can read them afterwards."""
    with emulated(data / "simulated/bigquery") as client:
        yield Sandbox(client)
