"""Run a command as a child process that ends with this process.

It ends even if this process is killed (`tied.py`). It gets the given environment, not
this process's.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import IO

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0

_TIED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("tied.py")))


class StartError(Exception):
    """A child did not come up; the text holds the end of its log."""


def free_port() -> int:
    """Return a port that is free at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process that serves HTTP on a port of 127.0.0.1."""

    name: str
    port: int
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_up(self) -> None:
        """Return once it answers HTTP, whatever it answers; StartError otherwise."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise StartError(
                    f"{self.name} ended at its start:\n{self.last_lines()}"
                )
            connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                # A path that functions-framework answers itself: no function runs.
                connection.request("GET", "/robots.txt")
                connection.getresponse().read()
            except (OSError, HTTPException):
                time.sleep(0.05)
            else:
                return
            finally:
                connection.close()
        raise StartError(f"{self.name} did not come up:\n{self.last_lines()}")

    def kill(self) -> None:
        """Kill it at once, as a crash would."""
        _signal(self.process, signal.SIGKILL)
        self.process.wait()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


@contextmanager
def child(
    name: str,
    command: Sequence[str],
    port: int,
    logs: Path,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Iterator[Child]:
    """Run a command in a process group of its own; on leaving, end the whole group.

    `env` is its whole environment. Its output goes to <logs>/<name>.log, the previous
    run's is overwritten.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("wb") as output:
        process = tied(command, output, env=env, cwd=cwd)
    try:
        yield Child(name, port, log, process)
    finally:
        _end(process)


def tied(
    command: Sequence[str],
    output: IO[bytes] | int,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command that ends with this process, in a group of its own.

    Its standard input belongs to the tie: closing it kills the group.
    """
    return subprocess.Popen(  # noqa: S603 - our own commands
        [*_TIED, *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,  # Ctrl-C is for us, and we end it
    )


def terminate(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    """Ask one process to end, and kill it after a timeout."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the group to end, then make it."""
    for kind, patience_s in ((signal.SIGINT, STOP_TIMEOUT_S), (signal.SIGKILL, None)):
        _signal(process, kind)
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            continue
        else:
            break
    process.wait()
    if process.stdin:
        process.stdin.close()


def _signal(process: "subprocess.Popen[bytes]", kind: signal.Signals) -> None:
    if process.returncode is not None:
        return  # its id may belong to another process by now
    with suppress(ProcessLookupError):
        os.killpg(process.pid, kind)
