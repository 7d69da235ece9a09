"""Push messages of a subscription to its HTTP endpoint.

The status code of the response decides: the codes of
https://cloud.google.com/pubsub/docs/push#receive_push acknowledge, all others do not.
"""

import contextlib
import http.client
import random
import select
import socket
import threading
import time
import urllib.parse

from emulators.pubsub.message import Lease, push_body
from emulators.pubsub.subscription import EXPIRED, Subscription

_ACK_STATUSES = frozenset({102, 200, 201, 202, 204})
_CONNECT_TIMEOUT_S = 2.0
_PUBSUB_HEADERS = {
    "Content-Type": "application/json",
    "From": "noreply@google.com",
    "User-Agent": "APIs-Google; "
    "(+https://developers.google.com/webmasters/APIs-Google.html)",
}


class PushWorkers:
    """The threads that deliver one subscription to one endpoint.

    A new endpoint gets new workers; the old ones end after their current request.
    """

    def __init__(self, subscription: Subscription, endpoint: str, count: int) -> None:
        self._subscription = subscription
        self._wanted = True
        self._lines = [
            _Line(endpoint, subscription.ack_deadline_s) for _ in range(count)
        ]
        name = f"push {subscription.settings.name.rpartition('/')[2]}"
        self._threads = [
            threading.Thread(target=self._work, args=(line,), name=name, daemon=True)
            for line in self._lines
        ]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Start no more deliveries; requests in progress continue."""
        self._wanted = False
        self._subscription.wake()

    def abort(self) -> None:
        """Start no more deliveries, and abort those in progress."""
        self.finish()
        for line in self._lines:
            line.cut()

    def join(self, timeout_s: float) -> None:
        """Wait for the threads to end, at most until the timeout."""
        give_up_at = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, give_up_at - time.monotonic()))

    def _work(self, line: "_Line") -> None:
        with contextlib.closing(line):
            while leases := self._subscription.lease(1, wanted=lambda: self._wanted):
                for lease in leases:
                    self._deliver(lease, line)

    def _deliver(self, lease: Lease, line: "_Line") -> None:
        settings = self._subscription.settings
        body = push_body(
            lease, settings.name, show_attempt=settings.dead_letter_topic is not None
        )
        try:
            status = line.post(body, _PUBSUB_HEADERS | _trace_headers())
        except TimeoutError:
            self._subscription.nack(lease.ack_id, EXPIRED)
        except (OSError, http.client.HTTPException):
            self._subscription.nack(lease.ack_id, "unreachable")
        else:
            if status in _ACK_STATUSES:
                self._subscription.ack([lease.ack_id])
            else:
                self._subscription.nack(lease.ack_id, f"http_{status}")


class _Line:
    """One worker's keep-alive connection to an endpoint.

    timeout_s: how long to wait for the answer.
    """

    def __init__(self, endpoint: str, timeout_s: float) -> None:
        url = urllib.parse.urlsplit(endpoint)
        self._target = urllib.parse.urlunsplit(("", "", url.path or "/", url.query, ""))
        self._timeout_s = timeout_s
        self._connection = http.client.HTTPConnection(
            url.hostname or "", url.port, timeout=_CONNECT_TIMEOUT_S
        )
        self._socket: socket.socket | None = None
        self._is_cut = False

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status of the answer; OSError or HTTPException without one."""
        try:
            self._connect()
            self._connection.request("POST", self._target, body, headers)
            with self._connection.getresponse() as response:
                response.read()
                return response.status
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def cut(self) -> None:
        """Abort a request of another thread."""
        self._is_cut = True
        if self._socket:
            with contextlib.suppress(OSError):  # it may have just ended
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _connect(self) -> None:
        if self._connection.sock and _hung_up(self._connection.sock):
            # A server may close an idle connection: that is no failed delivery.
            self._connection.close()
        if not self._connection.sock:
            self._connection.connect()
            self._connection.sock.settimeout(self._timeout_s)
            self._socket = self._connection.sock
        if self._is_cut:
            raise ConnectionAbortedError


def _hung_up(idle: socket.socket) -> bool:
    """Return whether the server closed an idle connection, so that it is readable."""
    poll = select.poll()
    poll.register(idle, select.POLLIN)
    return bool(poll.poll(0))


def _trace_headers() -> dict[str, str]:
    """Start a trace for each delivery, in both headers that Cloud Run passes on."""
    trace_id, span_id = random.getrandbits(128), random.getrandbits(63) | 1
    return {
        "traceparent": f"00-{trace_id:032x}-{span_id:016x}-01",
        "X-Cloud-Trace-Context": f"{trace_id:032x}/{span_id};o=1",
    }
