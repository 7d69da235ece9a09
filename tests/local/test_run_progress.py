"""Waiting for runs on this machine: what compute_metrics logs ends a wait at once."""

import threading
from pathlib import Path

import pytest

from local.run_progress import MetricsLog

LONG_S = 60.0
PUBLISHED = b'{"severity": "INFO", "message": "metrics_published", "run_id": "x"}\n'
OTHER = b'{"severity": "INFO", "message": "views_made"}\n'


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
    metrics = MetricsLog(log.parent)
    text = PUBLISHED.replace(b"metrics_published", event.encode())
    writer = threading.Timer(0.1, _append, (log, text))
    writer.start()
    assert metrics.wait(LONG_S) is True
    writer.join()


def test_what_was_seen_ends_no_second_wait(log: Path) -> None:
    metrics = MetricsLog(log.parent)
    _append(log, OTHER + PUBLISHED)
    assert metrics.wait(LONG_S) is True
    assert metrics.wait(0.2) is False
    _append(log, PUBLISHED)
    assert metrics.wait(LONG_S) is True


def test_other_events_end_no_wait(log: Path) -> None:
    _append(log, OTHER)
    assert MetricsLog(log.parent).wait(0.2) is False


def test_a_line_that_is_being_written_is_read_when_it_is_whole(log: Path) -> None:
    metrics = MetricsLog(log.parent)
    _append(log, PUBLISHED[:30])
    assert metrics.wait(0.2) is False
    _append(log, PUBLISHED[30:])
    assert metrics.wait(LONG_S) is True


def test_without_a_log_it_waits_as_long_as_it_is_given(tmp_path: Path) -> None:
    assert MetricsLog(tmp_path).wait(0.2) is False
