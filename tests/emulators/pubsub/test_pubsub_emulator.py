"""Pub/Sub on a laptop: the real client and a real HTTP endpoint go in.

Out: what our emulator does and, where it is installed, that Google's own emulator does
the same. Where the two differ, the test says by how much and who is right.
"""

import base64
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast

import pytest
from google.api_core import exceptions
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1 import types

from emulators.pubsub import (
    Backend,
    GoogleEmulatorError,
    PubSubEmulator,
    find_google_emulator,
    google_emulator,
    start_google_emulator,
)
from emulators.pubsub.settings import SubscriptionSettings

ROOT = Path(__file__).parents[3]
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
        """Inner part of the body."""
        message: dict[str, Any] = self.body["message"]
        return message


@dataclass
class Endpoint:
    """A push endpoint; it answers with `statuses` in turn, the last one forever."""

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
            # A server thread must not outlive its test by a keep-alive connection.
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
            request_queue_size = 64  # 5 make a ninth connection wait for a second

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Keep the request; the status to answer with."""
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
        """Seconds between deliveries."""
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
        """Publish in one request; the ids."""
        futures = [self.publisher.publish(TOPIC, b"{}") for _ in range(count)]
        return {future.result(5) for future in futures}

    def subscribe(self, name: str = FETCH, /, **fields: object) -> types.Subscription:
        """Create a subscription, without more fields one for pulls."""
        request = {"name": name, "topic": TOPIC, **fields}
        created = self.subscriber.create_subscription(request=request)
        return cast("types.Subscription", created)

    def push_to(self, url: str, **fields: object) -> types.Subscription:
        """Create a push subscription."""
        return self.subscribe(push_config={"push_endpoint": url}, **fields)

    def pull(
        self, name: str = FETCH, timeout: float = 5
    ) -> list[types.ReceivedMessage]:
        """Wait at most so many seconds for messages."""
        request = {"subscription": name, "max_messages": 100}
        try:
            reply = self.subscriber.pull(request=request, timeout=timeout, retry=None)
        except exceptions.DeadlineExceeded:  # how Google's says that there is nothing
            return []
        return list(reply.received_messages)

    def delete_all(self) -> None:
        """Leave nothing to the next test."""
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
        client.delete_all()  # else Google's emulator pushes to dead endpoints forever
        publisher.stop()
        publisher.transport.close()
        subscriber.close()


@pytest.fixture(scope="session")
def google_address() -> Iterator[str]:
    try:
        emulator = start_google_emulator()
    except GoogleEmulatorError as error:
        pytest.skip(str(error))
    with emulator:
        yield emulator.address


@pytest.fixture
def emulator() -> Iterator[PubSubEmulator]:
    # Deliveries in a hundredth of the time: 60 s of back-off are 0.6 s.
    with PubSubEmulator(time_scale=0.01) as pubsub:
        yield pubsub


@pytest.fixture(params=["ours", "google"])
def backend(request: pytest.FixtureRequest) -> str:
    """Ask for it to run a test against both back ends."""
    return str(request.param)


@pytest.fixture
def both(
    backend: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    if backend == "google":
        address = request.getfixturevalue("google_address")
    else:
        address = request.getfixturevalue("emulator").address
    with connected(address, monkeypatch) as client:
        yield client


@pytest.fixture
def client(
    emulator: PubSubEmulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    with connected(emulator.address, monkeypatch) as client:
        yield client


def eventually(what: Callable[[], bool], timeout_s: float = 10) -> None:
    give_up_at = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < give_up_at, "not within the time limit"
        time.sleep(0.01)


def assert_waits(measured: list[float], expected: list[float]) -> None:
    """Never too early; later only by what a busy machine needs."""
    assert len(measured) == len(expected)
    for seconds, least in zip(measured, expected, strict=True):
        assert least - 0.02 < seconds < least + 1


# Both back ends


def test_a_pulled_message_is_what_was_published_and_an_ack_ends_it(
    both: Client,
) -> None:
    both.subscribe()
    message_id = both.publish(b'{"run_id": "r"}', kind="batch")

    [received] = both.pull()

    assert received.message.message_id == message_id
    assert received.message.data == b'{"run_id": "r"}'
    assert dict(received.message.attributes) == {"kind": "batch"}
    age = datetime.now(UTC) - received.message.publish_time
    assert abs(age.total_seconds()) < 5
    assert not received.delivery_attempt  # counted only with a dead-letter policy
    ack = {"subscription": FETCH, "ack_ids": [received.ack_id]}
    both.subscriber.acknowledge(request=ack)
    assert both.pull(timeout=0.5) == []


def test_a_nacked_pull_is_delivered_again(both: Client) -> None:
    both.subscribe()
    both.publish()
    [first] = both.pull()

    both.subscriber.modify_ack_deadline(
        request={
            "subscription": FETCH,
            "ack_ids": [first.ack_id],
            "ack_deadline_seconds": 0,
        }
    )

    [second] = both.pull()
    assert second.message == first.message
    assert second.ack_id != first.ack_id


def test_names_are_taken_once_and_unknown_ones_refused(both: Client) -> None:
    both.subscribe()

    with pytest.raises(exceptions.AlreadyExists):
        both.publisher.create_topic(name=TOPIC)
    with pytest.raises(exceptions.AlreadyExists):
        both.subscribe()
    with pytest.raises(exceptions.NotFound):
        both.publisher.get_topic(topic=f"{TOPIC}-other")
    with pytest.raises(exceptions.NotFound):
        both.subscriber.get_subscription(subscription=f"{FETCH}-other")
    with pytest.raises(exceptions.NotFound):
        both.subscribe(f"{FETCH}-other", topic=f"{TOPIC}-other")
    with pytest.raises(exceptions.NotFound):
        both.publisher.publish(f"{TOPIC}-other", b"{}").result(5)


def test_lists_show_what_a_project_has(both: Client) -> None:
    created = both.subscribe()

    project = {"project": "projects/local"}
    elsewhere = {"project": "projects/loc"}
    topics = [topic.name for topic in both.publisher.list_topics(request=project)]
    assert sorted(topics) == [DEAD_LETTERS, TOPIC]
    assert list(both.publisher.list_topics(request=elsewhere)) == []
    [subscription] = both.subscriber.list_subscriptions(request=project)
    assert subscription.name == created.name == FETCH
    assert subscription.ack_deadline_seconds == 10
    assert list(both.subscriber.list_subscriptions(request=elsewhere)) == []


def test_a_deleted_topic_leaves_its_subscriptions(both: Client) -> None:
    both.subscribe()
    both.publish()

    both.publisher.delete_topic(topic=TOPIC)

    subscription = both.subscriber.get_subscription(subscription=FETCH)
    assert subscription.topic == "_deleted-topic_"
    assert len(both.pull()) == 1


def test_an_empty_message_is_refused(both: Client) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="empty"):
        both.publish(b"")


def test_too_few_delivery_attempts_are_refused(both: Client) -> None:
    # INVALID_ARGUMENT here, OUT_OF_RANGE at Google's emulator: both are 400.
    with pytest.raises(exceptions.BadRequest):
        both.subscribe(
            dead_letter_policy={
                "dead_letter_topic": DEAD_LETTERS,
                "max_delivery_attempts": 4,
            }
        )


def test_a_push_has_the_body_that_pubsub_sends(both: Client, backend: str) -> None:
    with Endpoint() as endpoint:
        both.push_to(f"{endpoint.url}/projects/local/topics/movie-batches?a=b")
        message_id = both.publish(b'{"run_id": "r"}', kind="batch")
        eventually(lambda: len(endpoint.deliveries) == 1)

    [delivery] = endpoint.deliveries
    assert delivery.path == "/projects/local/topics/movie-batches?a=b"
    assert delivery.headers["Content-Type"].startswith("application/json")
    publish_time = delivery.message["publishTime"]
    assert datetime.fromisoformat(publish_time).tzinfo == UTC
    assert publish_time.endswith("Z")
    assert delivery.body == {
        "subscription": FETCH,
        "message": {
            "attributes": {"kind": "batch"},
            "data": base64.b64encode(b'{"run_id": "r"}').decode(),
            "messageId": message_id,
            "message_id": message_id,
            "publishTime": publish_time,
            "publish_time": publish_time,
        },
    }


def test_an_error_status_brings_the_same_message_again(both: Client) -> None:
    with Endpoint(statuses=[503, 200]) as endpoint:
        both.push_to(endpoint.url)
        message_id = both.publish()
        eventually(lambda: len(endpoint.deliveries) == 2)

    assert {each.message["messageId"] for each in endpoint.deliveries} == {message_id}


def test_the_last_failed_attempt_sends_a_message_to_the_dead_letters(
    both: Client, backend: str
) -> None:
    with Endpoint(statuses=[500]) as endpoint:
        both.push_to(
            endpoint.url,
            dead_letter_policy={
                "dead_letter_topic": DEAD_LETTERS,
                "max_delivery_attempts": 5,
            },
        )
        both.subscribe(BURIED, topic=DEAD_LETTERS)
        both.publish(b'{"movie_ids": [13]}', kind="batch")
        buried: list[types.ReceivedMessage] = []
        while not buried:
            buried = both.pull(BURIED)
        attempts = [each.body.get("deliveryAttempt") for each in endpoint.deliveries]

    [dead] = buried
    assert dead.message.data == b'{"movie_ids": [13]}'
    attributes = dict(dead.message.attributes)
    assert datetime.fromisoformat(
        attributes.pop("CloudPubSubDeadLetterSourceTopicPublishTime")
    )
    assert attributes == {
        "kind": "batch",
        "CloudPubSubDeadLetterSourceDeliveryCount": "5",
        "CloudPubSubDeadLetterSourceSubscription": "fetch-details",
        "CloudPubSubDeadLetterSourceSubscriptionProject": "local",
    }
    if backend == "google":  # it never sends deliveryAttempt; Pub/Sub does
        assert attempts == [None] * 5
    else:
        assert attempts == [1, 2, 3, 4, 5]


def test_an_endpoint_that_comes_up_late_gets_what_waited(both: Client) -> None:
    with Endpoint() as endpoint, socket.create_server(("127.0.0.1", 0)) as closed:
        down = f"http://127.0.0.1:{closed.getsockname()[1]}"
        closed.close()
        both.push_to(down)
        both.publish()
        both.subscriber.modify_push_config(
            request={
                "subscription": FETCH,
                "push_config": {"push_endpoint": endpoint.url},
            }
        )
        eventually(lambda: len(endpoint.deliveries) == 1)


# Our emulator alone: what Google's emulator does not do, or not on time


def test_empty_fields_are_left_out_as_pubsub_leaves_them_out(client: Client) -> None:
    # Google's emulator sends "data": "", and so hides that functions-framework
    # answers 400 to a message without data.
    with Endpoint() as endpoint:
        client.push_to(endpoint.url)
        client.publish(b"", kind="batch")
        client.publish(b"{}")
        eventually(lambda: len(endpoint.deliveries) == 2)

    always = {"messageId", "message_id", "publishTime", "publish_time"}
    optional = [set(each.message) - always for each in endpoint.deliveries]
    assert sorted(map(sorted, optional)) == [["attributes"], ["data"]]


def test_every_delivery_starts_a_trace(client: Client) -> None:
    with Endpoint(statuses=[500, 200]) as endpoint:
        client.push_to(endpoint.url)
        client.publish()
        eventually(lambda: len(endpoint.deliveries) == 2)

    traces = []
    for delivery in endpoint.deliveries:
        _, trace_id, span_id, _ = delivery.headers["traceparent"].split("-")
        old_spelling = f"{trace_id}/{int(span_id, 16)};o=1"
        assert delivery.headers["X-Cloud-Trace-Context"] == old_spelling
        traces.append(trace_id)
    assert len(set(traces)) == 2


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_these_statuses_acknowledge(
    client: Client, emulator: PubSubEmulator, status: int
) -> None:
    with Endpoint(statuses=[status]) as endpoint:
        client.push_to(endpoint.url)
        client.publish()
        eventually(lambda: emulator.stats()[FETCH].acked == 1)
    assert emulator.idle()


@pytest.mark.parametrize("status", [203, 302, 400, 404, 429, 500, 503])
def test_every_other_status_refuses(
    client: Client, emulator: PubSubEmulator, status: int
) -> None:
    with Endpoint(statuses=[status, 204]) as endpoint:
        client.push_to(endpoint.url)
        client.publish()
        eventually(lambda: emulator.stats()[FETCH].acked == 1)
    assert emulator.stats()[FETCH].refused == {f"http_{status}": 1}


def test_push_without_a_policy_backs_off_from_a_tenth_of_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        PubSubEmulator() as pubsub,
        connected(pubsub.address, monkeypatch) as client,
        Endpoint(statuses=[500, 500, 500, 204]) as endpoint,
    ):
        client.push_to(endpoint.url)
        client.publish()
        eventually(lambda: len(endpoint.deliveries) == 4)

    assert_waits(endpoint.waits(), [0.1, 0.2, 0.4])


def test_a_retry_policy_bounds_the_back_off_and_time_can_be_scaled(
    client: Client,
) -> None:
    with Endpoint(statuses=[503] * 5 + [204]) as endpoint:
        client.push_to(
            endpoint.url,
            retry_policy={
                "minimum_backoff": {"seconds": 10},
                "maximum_backoff": {"seconds": 30},
            },
        )
        client.publish()
        eventually(lambda: len(endpoint.deliveries) == 6)

    # 10, 20, 30, 30, 30 seconds at a hundredth.
    assert_waits(endpoint.waits(), [0.1, 0.2, 0.3, 0.3, 0.3])


def settings(
    backoff_s: tuple[float, float] | None, dead_letter_topic: str | None = None
) -> SubscriptionSettings:
    return SubscriptionSettings(FETCH, TOPIC, 10, backoff_s, dead_letter_topic, 5)


def test_waits_double_up_to_the_longest() -> None:
    def waits(backoff_s: tuple[float, float] | None, *, pushes: bool) -> list[float]:
        return [
            settings(backoff_s).redelivery_wait_s(attempt, pushes=pushes)
            for attempt in (1, 2, 3, 7, 100_000)
        ]

    assert waits((10, 600), pushes=True) == [10, 20, 40, 600, 600]
    assert waits((10, 600), pushes=False) == [10, 20, 40, 600, 600]
    assert waits(None, pushes=True) == [0.1, 0.2, 0.4, 6.4, 60]
    assert waits(None, pushes=False) == [0, 0, 0, 0, 0]


def test_without_dead_letters_no_attempt_is_the_last() -> None:
    assert not settings(None).is_last(100_000)
    assert [settings(None, DEAD_LETTERS).is_last(n) for n in (4, 5)] == [False, True]


def test_a_handler_slower_than_the_ack_deadline_gets_the_message_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        # 10 s are 0.2 s
        PubSubEmulator(time_scale=0.01, deadline_scale=0.02) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
        Endpoint(handler_s=0.4) as endpoint,
    ):
        client.push_to(endpoint.url)
        client.publish()
        eventually(lambda: len(endpoint.deliveries) == 2)
        assert pubsub.stats()[FETCH].refused == {"expired": 1}
        assert_waits(endpoint.waits(), [0.2])


def test_a_pulled_message_that_nobody_acknowledges_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        PubSubEmulator(deadline_scale=0.03) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
    ):
        client.subscribe()
        client.publish()
        [first] = client.pull()
        extension = {
            "subscription": FETCH,
            "ack_ids": [first.ack_id],
            "ack_deadline_seconds": 20,
        }
        client.subscriber.modify_ack_deadline(request=extension)
        extended_at = time.monotonic()

        [second] = client.pull()

        assert_waits([time.monotonic() - extended_at], [0.6])
        assert second.message == first.message
        late = {"subscription": FETCH, "ack_ids": [first.ack_id]}
        client.subscriber.acknowledge(request=late)
        assert pubsub.stats()[FETCH].leased == 1  # the late ack did not count


def test_dead_letters_whose_topic_is_gone_are_kept_and_retried(
    client: Client, emulator: PubSubEmulator
) -> None:
    with Endpoint(statuses=[500] * 7 + [204]) as endpoint:
        client.push_to(
            endpoint.url, dead_letter_policy={"dead_letter_topic": DEAD_LETTERS}
        )
        client.publisher.delete_topic(topic=DEAD_LETTERS)
        client.publish()
        eventually(lambda: emulator.stats()[FETCH].acked == 1)
    assert emulator.stats()[FETCH].dead_lettered == 0


@pytest.mark.parametrize(
    ("concurrency", "threads"),
    [(3, 3), ({"fetch-details": 2}, 2), ({FETCH: 4}, 4), ({"another": 1}, 8)],
)
def test_push_concurrency_is_bounded_for_each_subscription(
    monkeypatch: pytest.MonkeyPatch, concurrency: int | dict[str, int], threads: int
) -> None:
    with (
        PubSubEmulator(push_concurrency=concurrency) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
        Endpoint(handler_s=30) as endpoint,
    ):
        client.push_to(endpoint.url)
        client.publish_many(12)
        eventually(lambda: endpoint.at_once == threads)
        endpoint.released.set()
        eventually(pubsub.idle)

    assert len(endpoint.deliveries) == 12
    assert endpoint.most_at_once == threads


def deliveries_of_sixty(duplicate_rate: float, monkeypatch: pytest.MonkeyPatch) -> int:
    with (
        PubSubEmulator(
            time_scale=0.01, duplicate_rate=duplicate_rate, seed=7
        ) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
        Endpoint() as endpoint,
    ):
        client.push_to(endpoint.url)
        published = client.publish_many(60)
        eventually(pubsub.idle)
        assert {each.message["messageId"] for each in endpoint.deliveries} == published
        return len(endpoint.deliveries)


def test_duplicates_come_at_the_given_rate_and_the_same_for_a_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert deliveries_of_sixty(0.0, monkeypatch) == 60
    some = deliveries_of_sixty(0.25, monkeypatch)
    assert 65 < some < 90
    assert deliveries_of_sixty(0.25, monkeypatch) == some
    assert deliveries_of_sixty(1.0, monkeypatch) == 120


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"filter": 'attributes.kind = "batch"'}, "no filter: use one topic"),
        ({"enable_message_ordering": True}, "no message ordering"),
        ({"enable_exactly_once_delivery": True}, "no exactly-once"),
        ({"push_config": {"push_endpoint": "https://a.example"}}, "http:// only"),
        ({"push_config": {"no_wrapper": {}}}, "no push without the wrapper"),
        ({"ack_deadline_seconds": 601}, "10 to 600, not 601"),
    ],
)
def test_what_is_not_there_is_refused_and_named(
    client: Client, fields: dict[str, Any], says: str
) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=says):
        client.subscribe(**fields)


def test_a_subscription_is_idle_when_nothing_waits_or_is_under_way(
    client: Client, emulator: PubSubEmulator
) -> None:
    with Endpoint(handler_s=5) as endpoint:
        client.push_to(endpoint.url)
        assert emulator.idle()
        client.publish()
        assert not emulator.idle()
        eventually(lambda: len(endpoint.deliveries) == 1)
        assert not emulator.idle()
        assert emulator.stats()[FETCH].leased == 1
        endpoint.released.set()
        eventually(emulator.idle)
    stats = emulator.stats()[FETCH]
    assert (stats.delivered, stats.acked, stats.refused) == (1, 1, {})


def test_a_push_subscription_can_become_a_pull_subscription(
    client: Client, emulator: PubSubEmulator
) -> None:
    with Endpoint() as endpoint:
        client.push_to(endpoint.url)
        client.subscriber.modify_push_config(
            request={"subscription": FETCH, "push_config": {}}
        )
        client.publish()
        assert len(client.pull()) == 1
    assert endpoint.deliveries == []


def test_a_server_that_closes_idle_connections_fails_no_delivery(
    client: Client, emulator: PubSubEmulator
) -> None:
    with Endpoint() as endpoint:
        endpoint._server.RequestHandlerClass.timeout = 0.05  # type: ignore[attr-defined]
        client.push_to(endpoint.url)
        for _ in range(3):
            client.publish()
            eventually(emulator.idle)
            time.sleep(0.1)
    assert emulator.stats()[FETCH].refused == {}


def refusing_port() -> int:
    """Find a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port: int = closed.getsockname()[1]
    return port


def test_a_push_is_held_while_an_instance_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five attempts would be over before a killed function is up again."""
    with (
        PubSubEmulator(time_scale=0.001, hold_s=30) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
    ):
        port = refusing_port()
        client.push_to(f"http://127.0.0.1:{port}")
        client.publish()
        time.sleep(0.5)  # five attempts without the hold
        with Endpoint(port=port) as endpoint:
            eventually(pubsub.idle)
        assert len(endpoint.deliveries) == 1
        assert pubsub.stats()[FETCH].refused == {}


def test_a_push_is_held_no_longer_than_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        PubSubEmulator(time_scale=0.001, hold_s=0.1) as pubsub,
        connected(pubsub.address, monkeypatch) as client,
    ):
        client.push_to(f"http://127.0.0.1:{refusing_port()}")
        client.publish()
        eventually(lambda: pubsub.stats()[FETCH].refused.get("unreachable", 0) > 1)


def test_stopping_does_not_wait_for_a_held_push(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pubsub = PubSubEmulator(hold_s=30)
    with connected(pubsub.address, monkeypatch) as client:
        client.push_to(f"http://127.0.0.1:{refusing_port()}")
        client.publish()
        eventually(lambda: pubsub.stats()[FETCH].leased == 1)
    started_at = time.monotonic()
    pubsub.stop()
    assert time.monotonic() - started_at < 1


def test_stopping_is_quick_and_leaves_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Endpoint(handler_s=30) as endpoint:
        pubsub = PubSubEmulator()
        with connected(pubsub.address, monkeypatch) as client:
            client.push_to(endpoint.url)
            client.publish_many(20)
            eventually(lambda: len(endpoint.deliveries) == 8)
        started_at = time.monotonic()
        pubsub.stop()
        pubsub.stop()

        assert time.monotonic() - started_at < 1
        names = [thread.name for thread in threading.enumerate()]
        assert not [name for name in names if name.startswith(("push", "pubsub"))]


def test_a_taken_port_is_an_error_that_names_it() -> None:
    with (
        PubSubEmulator() as first,
        pytest.raises(OSError, match=first.address.rpartition(":")[2]),
    ):
        PubSubEmulator(port=int(first.address.rpartition(":")[2]))


def test_the_command_line_says_when_it_listens_and_ends_on_sigterm() -> None:
    command = [sys.executable, "-m", "emulators.pubsub", "--port", "0"]
    options = ["--time-scale", "0.05", "--push-concurrency", "fetch-details=2,a=1"]
    with subprocess.Popen(  # noqa: S603 - our own module
        [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        line = process.stdout.readline()
        host, port = line.removeprefix("listening on ").strip().split(":")
        socket.create_connection((host, int(port)), timeout=1).close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(2) == 0


# Finding Google's emulator


def held(backend: Backend) -> Backend:
    """Let mypy hold both back ends to the interface."""
    return backend


def test_without_java_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GoogleEmulatorError, match=r"needs Java.*or use the emulator"):
        held(start_google_emulator())


def test_the_jar_is_found_below_the_gcloud_on_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sdk = tmp_path / "sdk"
    library = sdk / "platform/pubsub-emulator/lib"
    jar = library / "cloud-pubsub-emulator-9.9.9-all.jar"
    for folder in (library, sdk / "bin", tmp_path / "bin"):
        folder.mkdir(parents=True)
    for name in ("gcloud", "java"):
        (sdk / "bin" / name).write_text("#!/bin/sh\nexit 3\n")
        (sdk / "bin" / name).chmod(0o755)
        (tmp_path / "bin" / name).symlink_to(sdk / "bin" / name)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin:/bin")
    monkeypatch.setattr(google_emulator, "_USUAL_ROOTS", ())

    with pytest.raises(GoogleEmulatorError, match=r"not installed.*gcloud components"):
        start_google_emulator()
    jar.touch()
    assert find_google_emulator() == jar
    with pytest.raises(GoogleEmulatorError, match="exit code 3"):
        start_google_emulator()
