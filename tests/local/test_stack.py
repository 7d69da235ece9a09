"""The local stack when a part of it does not start."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.bigquery import BigQueryEmulatorError
from emulators.processes import StartError
from local.stack import Options, Stack
from tests.machine import processes_of

pytestmark = pytest.mark.emulator

UNKNOWN = {"FUNCTION_SIGNATURE_TYPE": "unknown"}
"""A setting that functions-framework refuses."""


def damage(data: Path) -> None:
    """Leave a file that DuckDB cannot open."""
    file = data / "bigquery/emulator.duckdb"
    file.parent.mkdir()
    file.write_text("no database")


def nothing(_data: Path) -> None:
    """Leave the folder as it is."""


@pytest.mark.parametrize(
    ("prepare", "options", "error", "log"),
    [
        pytest.param(
            damage,
            Options(),
            BigQueryEmulatorError,
            "not a valid DuckDB database",
            marks=pytest.mark.exhaustive,
        ),
        pytest.param(
            nothing,
            Options(simulator=("--movies=x",)),
            StartError,
            "--movies: invalid",
            marks=pytest.mark.exhaustive,
        ),
        (
            nothing,
            Options(settings_of={"fetch_details": UNKNOWN}),
            StartError,
            "(?s)fetch_details ended .*'unknown' is not one of",
        ),
    ],
    ids=["bigquery", "simulator", "function"],
)
def test_a_part_that_fails_ends_the_stack_with_its_log(
    prepare: Callable[[Path], None],
    options: Options,
    error: type[Exception],
    log: str,
    tmp_path: Path,
) -> None:
    prepare(tmp_path)
    stack = Stack(tmp_path, options)

    with pytest.raises(error, match=log), stack:
        pass

    assert processes_of(tmp_path) == []
    assert stack.simulator
    assert stack.simulator.process.returncode is not None
    # All parts start at once, so the others were starting too.
    started = {path.stem for path in stack.logs.iterdir()}
    assert started == {"tmdb_simulator", *stack.functions}
    assert "compute_metrics" in started
