"""Lines that the functions log end a wait for runs."""

import threading
from pathlib import Path

import pytest

from local.archives import FUNCTIONS
from local.run_progress import FunctionLogs

LONG_S = 60.0
PUBLISHED = b'{"severity": "INFO", "message": "metrics_published", "run_id": "x"}\n'
OTHER = b'{"severity": "INFO", "message": "batch_stored"}\n'


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "compute_metrics.log"
    path.write_bytes(b"")
    return path


def _append(log: Path, text: bytes) -> None:
    with log.open("ab") as file:
        file.write(text)


@pytest.mark.parametrize("event", ["metrics_published", "metrics_withheld"])
def test_an_end_of_metrics_ends_the_wait(log: Path, event: str) -> None:
    logs = FunctionLogs(log.parent)
    text = PUBLISHED.replace(b"metrics_published", event.encode())
    writer = threading.Timer(0.1, _append, (log, text))
    writer.start()
    assert logs.wait(LONG_S) is True
    writer.join()


def test_what_was_seen_ends_no_second_wait(log: Path) -> None:
    logs = FunctionLogs(log.parent)
    _append(log, OTHER + PUBLISHED)
    assert logs.wait(LONG_S) is True
    assert logs.wait(LONG_S, 0.2) is False
    _append(log, PUBLISHED)
    assert logs.wait(LONG_S) is True


def test_other_events_end_no_wait_at_once(log: Path) -> None:
    _append(log, OTHER)
    assert FunctionLogs(log.parent).wait(LONG_S, 0.2) is False


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_event_of_any_function_ends_a_wait_after_its_seconds(
    tmp_path: Path, function: str
) -> None:
    logs = FunctionLogs(tmp_path)
    _append(tmp_path / f"{function}.log", OTHER)
    assert logs.wait(0.1, LONG_S) is True
    assert logs.wait(0.1, 0.2) is False


def test_a_line_that_is_being_written_is_read_when_it_is_whole(log: Path) -> None:
    logs = FunctionLogs(log.parent)
    _append(log, PUBLISHED[:30])
    assert logs.wait(LONG_S, 0.2) is False
    _append(log, PUBLISHED[30:])
    assert logs.wait(LONG_S) is True


def test_without_a_log_it_waits_as_long_as_it_is_given(tmp_path: Path) -> None:
    assert FunctionLogs(tmp_path).wait(LONG_S, 0.2) is False
