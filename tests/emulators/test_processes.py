"""Child processes: a port is a child's own before it is up and after it was killed."""

import socket
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from emulators import environment
from emulators.listeners import LOOPBACK, open_listener, port_of
from emulators.processes import Child, StartError, child

ROOT = Path(__file__).parents[2]
SIMULATOR = (sys.executable, "-m", "emulators.tmdb", "--movies=20")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with open_listener() as listener:
        yield listener


def _start(
    listener: socket.socket, logs: Path, command: tuple[str, ...] = SIMULATOR
) -> AbstractContextManager[Child]:
    env = environment.of_child()
    return child("simulator", command, listener, logs, env=env, cwd=ROOT)


def _get(port: int, answers: list[int]) -> None:
    url = f"http://{LOOPBACK}:{port}/_sim/stats"
    with urllib.request.urlopen(url, timeout=60) as answer:
        answers.append(answer.status)


def test_nobody_else_is_given_the_port_of_a_child_that_is_not_up(
    listener: socket.socket,
) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind((LOOPBACK, port_of(listener)))


def test_a_request_before_the_start_is_answered(
    listener: socket.socket, tmp_path: Path
) -> None:
    answers: list[int] = []
    asking = threading.Thread(target=_get, args=(port_of(listener), answers))
    asking.start()
    with _start(listener, tmp_path) as simulator:
        simulator.wait_until_up()
        asking.join(60)
    assert answers == [200]


def test_a_request_between_a_kill_and_the_restart_is_answered(
    listener: socket.socket, tmp_path: Path
) -> None:
    answers: list[int] = []
    with ExitStack() as running:
        first = running.enter_context(_start(listener, tmp_path))
        first.wait_until_up()
        first.kill()
        asking = threading.Thread(target=_get, args=(first.port, answers))
        asking.start()
        running.enter_context(_start(listener, tmp_path)).wait_until_up()
        asking.join(60)
    assert answers == [200]


def test_a_child_that_ends_at_its_start_is_reported_with_its_log(
    listener: socket.socket, tmp_path: Path
) -> None:
    command = (sys.executable, "-c", "raise SystemExit('no disk')")
    with (
        _start(listener, tmp_path, command) as ended,
        pytest.raises(StartError, match="simulator ended while it started:\nno disk"),
    ):
        ended.wait_until_up()
