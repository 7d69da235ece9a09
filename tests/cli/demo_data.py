"""Data on this machine as a demo leaves them, for the commands that read those."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.tables import emulated
from tests.sql.sandbox import Sandbox


@contextmanager
def as_demo(data: Path) -> Iterator[Sandbox]:
    """Fill a demo's tables; they are closed, and can be read, at the end."""
    with emulated(data / "simulated/bigquery") as client:
        yield Sandbox(client)
