"""The functions' processes run the files of their archives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.processes import StartError
from local.function_processes import FunctionProcesses


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[FunctionProcesses]:
    logs = tmp_path / "logs"
    logs.mkdir()
    with FunctionProcesses(tmp_path, logs, goes_outside=False) as processes:
        yield processes


def test_a_function_imports_the_files_of_its_archive(
    processes: FunctionProcesses, tmp_path: Path
) -> None:
    processes.start("compute_metrics", {})
    processes.wait_until_up()
    processes.running["compute_metrics"].kill()
    (tmp_path / "functions/compute_metrics/shared/delivery.py").unlink()

    with pytest.raises(StartError, match=r"No module named 'shared\.delivery'"):
        processes.restart("compute_metrics")
