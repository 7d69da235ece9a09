"""The simulator's HTTP server, with one thread for each connection.

A plain socket server, because an application server cannot reset a connection in the
middle of a body.
"""

import socket
import struct
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from datetime import time as time_of_day
from socketserver import StreamRequestHandler, TCPServer, ThreadingMixIn
from typing import Self, cast

from emulators.tmdb.catalogue.source import Json
from emulators.tmdb.http import control
from emulators.tmdb.http.fates import Outcome
from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.settings import Options
from emulators.tmdb.http.simulation import Request, Simulation

_HOST = "127.0.0.1"
_LONGEST_LINE = 65_536
_MOST_HEADERS = 200
_RESET = struct.pack("ii", 1, 0)  # linger on, 0 s: close() sends RST


class TmdbSimulator:
    """A simulated TMDB on its own port; a context manager.

    `base_url` is the address of the API, `exports_url` that of the daily exports. The
    arguments are the fields of `Options`.
    """

    def __init__(
        self,
        today: date,
        listener: socket.socket | None = None,
        **options: object,
    ) -> None:
        """Serve on `listener` if given, otherwise on the port of the options."""
        self._listener = listener
        values = {"today": today, **options}
        self._simulation = Simulation(Options(**values))  # type: ignore[arg-type]
        self._server: _Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start to listen; return when it answers requests."""
        # The first list computes every movie: do that before a client waits for it.
        self._simulation.source.by_popularity(self._simulation.today)
        self._server = _Server(self._simulation, self._listener)
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()

    def stop(self) -> None:
        """Close every connection and the port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        """The server's address, without a path."""
        if self._server is None:
            raise RuntimeError("the simulator is not started")
        return f"http://{_HOST}:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """The address of the API, for https://api.themoviedb.org/3."""
        return f"{self.url}/3"

    @property
    def exports_url(self) -> str:
        """The address of the exports, for https://files.tmdb.org/p/exports."""
        return f"{self.url}/p/exports"

    @property
    def token(self) -> str:
        """The read token the simulator accepts."""
        return self._simulation.options.token

    @property
    def api_key(self) -> str:
        """The API key the simulator accepts."""
        return self._simulation.options.api_key

    @property
    def today(self) -> date:
        """TMDB's day."""
        return self._simulation.today

    def set_today(self, day: date) -> None:
        """Set TMDB's day."""
        self._simulation.today = day

    def set_time_of_day(self, moment: time_of_day, age_s: int = 0) -> None:
        """Set TMDB's clock, and the age of its answers, as if from a cache."""
        self._simulation.time_of_day = moment
        self._simulation.age_s = age_s

    def set_faults(self, faults: Faults) -> None:
        """Replace all faults; `Faults()` ends them."""
        self._simulation.faults = faults

    def set_rate_limit(self, per_s: float) -> None:
        """Set how many API requests are admitted in any one second, 0 = all."""
        self._simulation.rate_limit = per_s

    def stats(self) -> dict[str, object]:
        """Return what GET /_sim/stats returns."""
        return self._simulation.stats.to_json()

    def reset_stats(self) -> None:
        """Reset the counts."""
        self._simulation.stats.reset()

    def breakouts(self) -> Sequence[Json]:
        """Return the viral breakouts in the data: the labels to evaluate a score."""
        return self._simulation.source.breakouts()


class _Server(ThreadingMixIn, TCPServer):
    """The server, which can close all connections when it stops."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, simulation: Simulation, listener: socket.socket | None) -> None:
        self.simulation = simulation
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        address = (_HOST, simulation.options.port)
        super().__init__(address, _Connection, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
            self.server_activate()

    def opened(self, connection: socket.socket) -> None:
        """Add an open connection."""
        with self._lock:
            self._open.add(connection)
        self.simulation.stats.connected(1)

    def closed(self, connection: socket.socket) -> None:
        """Remove a closed connection."""
        with self._lock:
            self._open.discard(connection)
        self.simulation.stats.connected(-1)

    def server_close(self) -> None:
        """Close the port, and wake the threads that wait for a next request."""
        super().server_close()
        with self._lock:
            for connection in self._open:
                with suppress(OSError):  # the client may have just closed it
                    connection.shutdown(socket.SHUT_RDWR)


class _Connection(StreamRequestHandler):
    """One client's connection, until either side closes it."""

    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Register the connection."""
        super().setup()
        self._simulation = cast("_Server", self.server).simulation
        cast("_Server", self.server).opened(self.connection)

    def handle(self) -> None:
        """Answer requests one after the other."""
        # It is no error if the client closes the connection.
        with suppress(ConnectionError):
            while (request := self._read()) is not None and self._serve(request):
                pass

    def finish(self) -> None:
        """Close the connection."""
        with suppress(ConnectionError):
            super().finish()
        cast("_Server", self.server).closed(self.connection)

    def _read(self) -> Request | None:
        """Return the next request; None at the end of the connection."""
        words = self.rfile.readline(_LONGEST_LINE).decode("latin-1").split()
        if len(words) != 3:  # noqa: PLR2004 - method, target, version
            return None
        headers: dict[str, str] = {}
        for _ in range(_MOST_HEADERS):
            line = self.rfile.readline(_LONGEST_LINE).decode("latin-1").strip()
            if not line:
                break
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length", "0")
        body = self.rfile.read(int(length)) if length.isdigit() else b""
        return Request(words[0], words[1], headers, body)

    def _serve(self, request: Request) -> bool:
        """Answer; return whether the connection stays open."""
        keep_alive = request.headers.get("connection", "").lower() != "close"
        if request.path.startswith(control.PREFIX):
            outcome = Outcome(control.answer(request, self._simulation))
        else:
            outcome = self._simulation.handle(request)
        if outcome.delay_s:
            time.sleep(outcome.delay_s)
        if outcome.breaks == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.connection.close()
            return False
        content = outcome.reply.to_bytes(keep_alive=keep_alive)
        if outcome.breaks == "truncated":
            content = content[: -max(1, len(outcome.reply.body) // 2)]
            keep_alive = False
        self.connection.sendall(content)
        return keep_alive
