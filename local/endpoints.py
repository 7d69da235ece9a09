"""Publish the addresses of a running local stack in a file for other terminals.

The file is deleted when the stack ends. A file that a killed stack left behind is
recognised: its process has ended, or nobody listens on its port.
"""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

NAME = "stack.json"
_LOOK_S = 5.0

type Json = dict[str, Any]


def send_json(
    url: str, method: str, path: str, body: object, timeout_s: float
) -> tuple[int, Json]:
    """Send JSON (None: no body) to a server of the stack; return status and answer."""
    to = urlsplit(url)
    connection = HTTPConnection(to.hostname or "", to.port, timeout=timeout_s)
    text = None if body is None else json.dumps(body)
    try:
        connection.request(method, path, text, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """A stack that listens on this machine.

    pid: of the stack's process. bigquery, simulator: URLs; simulator is "" with the
    real TMDB. pubsub: host:port. functions: name -> URL. data: folder of its data.
    """

    pid: int
    bigquery: str
    pubsub: str
    simulator: str
    functions: dict[str, str]
    data: str
    tracked_movies: int
    history_days: int
    requests_per_second: float

    @property
    def is_up(self) -> bool:
        """Whether its process is running and its BigQuery accepts connections."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # another user's process: it is running
        url = urlsplit(self.bigquery)
        try:
            socket.create_connection((url.hostname or "", url.port or 0), 2.0).close()
        except OSError:
            return False
        return True

    def today(self) -> date | None:
        """Return the simulated day; None with the real TMDB."""
        if not self.simulator:
            return None
        _, state = send_json(self.simulator, "GET", "/_sim/state", None, _LOOK_S)
        return date.fromisoformat(state["today"])

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """Read the folder's file; None if it is missing or invalid."""
        try:
            return cls(**json.loads((folder / NAME).read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    @contextmanager
    def published_in(self, folder: Path) -> Iterator[None]:
        """Write the file into the folder; delete it at the end of the context."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / NAME
        # Atomically: no reader sees half a file.
        made = path.with_suffix(".tmp")
        made.write_text(json.dumps(asdict(self), indent=2) + "\n")
        made.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
