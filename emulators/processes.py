"""Run a command as a child process that ends with this process.

It ends even if this process is killed (`tied.py`). It gets a given environment, not
that of this process.
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

from emulators.listeners import LOOPBACK, port_of

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 5.0
_LOOK_EVERY_S = 1.0

_TIED = (sys.executable, "-I", "-S", str(Path(__file__).with_name("tied.py")))


class StartError(Exception):
    """A child process did not start; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process that serves HTTP on a socket that it was given."""

    name: str
    listener: socket.socket
    log: Path
    process: "subprocess.Popen[bytes]"

    @property
    def port(self) -> int:
        """Its port on 127.0.0.1."""
        return port_of(self.listener)

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_up(self) -> None:
        """Return once it answers HTTP with any status; StartError if it does not."""
        give_up_at = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up_at:
            if self.process.poll() is not None:
                raise StartError(
                    f"{self.name} ended while it started:\n{self.last_lines()}"
                )
            # A connection before it is up waits in the queue of the socket.
            connection = HTTPConnection(LOOPBACK, self.port, timeout=_LOOK_EVERY_S)
            try:
                # A path that functions-framework answers itself: no function runs.
                connection.request("GET", "/robots.txt")
                connection.getresponse().read()
            except (OSError, HTTPException):
                continue
            else:
                return
            finally:
                connection.close()
        raise StartError(f"{self.name} did not start:\n{self.last_lines()}")

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
    listener: socket.socket,
    logs: Path,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
) -> Iterator[Child]:
    """Run a command in its own process group, and end the group with the context.

    It serves on `listener`, which stays open in this process too: requests wait until
    it is up, also while it is restarted. `env` is its whole environment. Its output
    replaces <logs>/<name>.log.
    """
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("wb") as output:
        process = tied(command, output, env=env, cwd=cwd, listener=listener)
    try:
        yield Child(name, listener, log, process)
    finally:
        _end(process)


def tied(
    command: Sequence[str],
    output: IO[bytes] | int,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    listener: socket.socket | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command in its own process group, which ends with this process.

    Its standard input is used for that: to close it kills the group. `listener` is
    passed as systemd does.
    """
    fd = listener.fileno() if listener else -1
    return subprocess.Popen(  # noqa: S603 - our own commands
        [*_TIED, str(fd), *command],
        pass_fds=[fd] if listener else [],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,  # Ctrl-C reaches this process only, which ends it
    )


def terminate(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    """Send SIGTERM to one process, and kill it after a timeout."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Interrupt the group, and kill it after a timeout."""
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
