"""An HTTP proxy between a function and BigQuery that can inject faults.

Its `ambush` sees every call and forwards it, changes it, refuses it, or closes the
connection without an answer.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, override
from urllib.parse import urlsplit

_TIMEOUT_S = 300.0
_OF_THE_LINE = frozenset({"connection", "transfer-encoding", "content-length"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a function to BigQuery."""

    function: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def with_body(self, body: bytes) -> "Call":
        """Return the same call about something else."""
        return replace(self, body=body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the function receives."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


class CutError(Exception):
    """No answer: the connection ends."""


type Forward = Callable[[Call], Answer]
type Ambush = Callable[[Call, Forward], Answer]


def forwarded(call: Call, forward: Forward) -> Answer:
    """Let every call pass: no fault."""
    return forward(call)


class Proxy:
    """The proxy between the functions and BigQuery. `ambush` may be set any time."""

    def __init__(self) -> None:
        self.ambush: Ambush = forwarded

    @contextmanager
    def between(self, function: str, url: str) -> Iterator[str]:
        """Listen for a function's calls to the BigQuery at `url`; where."""
        target = urlsplit(url).netloc
        handler = partial(_Handler, self, function, target)
        server = _Server(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, name=f"proxy-{function}")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a function may keep an idle connection for minutes

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: killed callers are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a function, with one of its own to BigQuery."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(
        self,
        proxy: Proxy,
        function: str,
        target: str,
        *request: Any,  # noqa: ANN401 - as socketserver passes them
    ) -> None:
        self._proxy = proxy
        self._function = function
        self._upstream = HTTPConnection(target, timeout=_TIMEOUT_S)
        super().__init__(*request)

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = tuple(self.headers.items())
        call = Call(self._function, self.command, self.path, headers, body)
        try:
            answer = self._proxy.ambush(call, self._forward)
        except (CutError, HTTPException, OSError):
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815 - its names

    def _forward(self, call: Call) -> Answer:
        upstream = self._upstream
        upstream.putrequest(
            call.method, call.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in call.headers:
            if name.lower() not in _OF_THE_LINE:
                upstream.putheader(name, value)
        upstream.putheader("Content-Length", str(len(call.body)))
        upstream.endheaders(call.body)
        response = upstream.getresponse()
        kept = tuple(
            (name, value)
            for name, value in response.getheaders()
            if name.lower() not in _OF_THE_LINE
        )
        return Answer(response.status, response.read(), kept)

    @override
    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Keep silent."""
