"""What only our Pub/Sub emulator does, or does in time."""

import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions

from emulators.pubsub import (
    PubSubEmulator,
)
from tests.emulators.pubsub.both_ends import (
    DEAD_LETTERS,
    FETCH,
    Client,
    Endpoint,
    assert_waits,
    connected,
    eventually,
)

ROOT = Path(__file__).parents[3]


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


def test_a_pulled_message_without_an_acknowledgement_is_redelivered(
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
