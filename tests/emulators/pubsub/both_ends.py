"""Both ends of Pub/Sub for its tests: the real client, and a real HTTP endpoint."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast

import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import types

TOPIC = "projects/local/topics/movie-batches"
DEAD_LETTERS = "projects/local/topics/dead-letters"
FETCH = "projects/local/subscriptions/fetch-details"
BURIED = "projects/local/subscriptions/dead-letters"


@dataclass
class Delivery:
    """One request as it arrived."""

    at: float
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def message(self) -> dict[str, Any]:
        """The message within the body."""
        message: dict[str, Any] = self.body["message"]
        return message


@dataclass
class Endpoint:
    """A push endpoint; it answers with `statuses` in turn, then with the last."""

    statuses: Sequence[int] = (204,)
    handler_s: float = 0.0
    port: int = 0
    deliveries: list[Delivery] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self.released = threading.Event()
        self._lock = threading.Lock()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # A keep-alive connection would keep a thread running after the test.
            timeout = 5

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = endpoint.receive(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = (
                64  # the default of 5 would delay a ninth connection by a second
            )

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Record a request; return the status of the answer."""
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            turn = min(len(self.deliveries), len(self.statuses) - 1)
            content = json.loads(body)
            self.deliveries.append(Delivery(time.monotonic(), path, headers, content))
        self.released.wait(self.handler_s)
        with self._lock:
            self.at_once -= 1
        return self.statuses[turn]

    def waits(self) -> list[float]:
        """Return the seconds between deliveries."""
        times = [delivery.at for delivery in self.deliveries]
        return [after - before for before, after in itertools.pairwise(times)]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass
class Client:
    """The real clients of google-cloud-pubsub."""

    publisher: PublisherClient
    subscriber: SubscriberClient

    def publish(self, data: bytes = b"{}", **attributes: str) -> str:
        """Return the message's id."""
        return str(self.publisher.publish(TOPIC, data, **attributes).result(5))

    def publish_many(self, count: int) -> set[str]:
        """Publish messages in one request; return their ids."""
        futures = [self.publisher.publish(TOPIC, b"{}") for _ in range(count)]
        return {future.result(5) for future in futures}

    def subscribe(self, name: str = FETCH, /, **fields: object) -> types.Subscription:
        """Create a subscription, by default for pulls."""
        request = {"name": name, "topic": TOPIC, **fields}
        created = self.subscriber.create_subscription(request=request)
        return cast("types.Subscription", created)

    def push_to(self, url: str, **fields: object) -> types.Subscription:
        """Create a push subscription."""
        return self.subscribe(push_config={"push_endpoint": url}, **fields)

    def pull(
        self, name: str = FETCH, timeout: float = 5
    ) -> list[types.ReceivedMessage]:
        """Wait for messages until the timeout."""
        request = {"subscription": name, "max_messages": 100}
        try:
            reply = self.subscriber.pull(request=request, timeout=timeout, retry=None)
        except exceptions.DeadlineExceeded:  # Google's emulator then has no message
            return []
        return list(reply.received_messages)

    def delete_all(self) -> None:
        """Delete all topics and subscriptions before the next test."""
        project = {"project": "projects/local"}
        for subscription in self.subscriber.list_subscriptions(request=project):
            self.subscriber.delete_subscription(
                request={"subscription": subscription.name}
            )
        for topic in self.publisher.list_topics(request=project):
            self.publisher.delete_topic(request={"topic": topic.name})


@contextmanager
def connected(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
    publisher, subscriber = PublisherClient(), SubscriberClient()
    client = Client(publisher, subscriber)
    publisher.create_topic(name=TOPIC)
    publisher.create_topic(name=DEAD_LETTERS)
    try:
        yield client
    finally:
        client.delete_all()  # Google's emulator would push forever
        publisher.stop()
        publisher.transport.close()
        subscriber.close()


def eventually(what: Callable[[], bool], timeout_s: float = 10) -> None:
    give_up_at = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < give_up_at, "not within the time limit"
        time.sleep(0.01)


def assert_waits(measured: list[float], expected: list[float]) -> None:
    """Check waits: none is too short, and later only by what a busy machine needs."""
    assert len(measured) == len(expected)
    for seconds, least in zip(measured, expected, strict=True):
        assert least - 0.02 < seconds < least + 1


def refusing_port() -> int:
    """Find a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port
