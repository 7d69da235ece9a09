"""The functions as processes of functions-framework, each from its archive."""

import socket
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from emulators import environment
from emulators.listeners import open_listener
from emulators.processes import Child, child
from local import archives
from local.archives import DASHBOARD

CONCURRENCY = {
    "ingest_changes": 4,
    "fetch_details": 8,
    "compute_metrics": 1,
    DASHBOARD: 1,
}
"""Concurrent requests of one instance, as in the deployment."""


@dataclass(slots=True)
class FunctionProcesses:
    """The running functions by name; a context manager, which ends them.

    data: their archives are unpacked into its folder `functions`. goes_outside: they
    call the real TMDB, through the user's proxy.
    """

    data: Path
    logs: Path
    goes_outside: bool
    running: dict[str, Child] = field(default_factory=dict)
    _settings: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _starts: dict[str, int] = field(default_factory=dict)
    _exit: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        """Kill them: they hold nothing; an end costs gunicorn as much as a start."""
        for server in self.running.values():
            server.kill()
        self._exit.close()

    def start(self, name: str, settings: Mapping[str, str]) -> None:
        """Unpack and start a function; `settings` are its environment variables."""
        self._settings[name] = settings
        archives.stage(name, self._folder(name).parent)
        self._start(name, self._exit.enter_context(open_listener()))

    def restart(self, name: str) -> None:
        """Restart a function on its port after it was killed, as Cloud Run does."""
        self._start(name, self.running[name].listener)
        self.running[name].wait_until_up()

    def wait_until_up(self) -> None:
        """Return once every function answers; StartError if one does not."""
        for server in self.running.values():
            server.wait_until_up()

    def _start(self, name: str, listener: socket.socket) -> None:
        count = self._starts[name] = self._starts.get(name, 0) + 1
        command = [
            str(Path(sys.executable).with_name("functions-framework")),
            f"--target={name}",
        ]
        own = {
            "K_SERVICE": name,
            # Otherwise packages would be imported from this repository, and a file
            # that the archive lacks would go unnoticed.
            "PYTHONPATH": str(self._folder(name)),
            "THREADS": str(CONCURRENCY[name]),
            "XDG_RUNTIME_DIR": self._runtime_folder(),
        }
        variables = {**self._settings[name], **own}
        env = environment.of_child(variables, goes_outside=self.goes_outside)
        # Each instance has its own log.
        log = name if count == 1 else f"{name}.{count}"
        folder = self._folder(name)
        started = child(log, command, listener, self.logs, env=env, cwd=folder)
        self.running[name] = self._exit.enter_context(started)

    def _folder(self, name: str) -> Path:
        return self.data / "functions" / name

    def _runtime_folder(self) -> str:
        """Return a folder for gunicorn's control socket; its path must be short.

        Otherwise all instances would share one in the user's home.
        """
        made = tempfile.TemporaryDirectory(prefix="tmdb-", ignore_cleanup_errors=True)
        return self._exit.enter_context(made)
