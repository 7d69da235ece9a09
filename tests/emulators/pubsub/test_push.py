"""Pushes: bodies, headers, which statuses acknowledge, back-off, held deliveries."""

import time

import pytest

from emulators.pubsub import (
    PubSubEmulator,
)
from tests.emulators.pubsub.both_ends import (
    FETCH,
    Client,
    Endpoint,
    assert_waits,
    connected,
    eventually,
    refusing_port,
)


def test_empty_fields_are_left_out_as_pubsub_leaves_them_out(client: Client) -> None:
    # Google's emulator sends "data": "", which hides that functions-framework answers
    # a message without data with 400.
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


def test_an_endpoint_that_refuses_the_connection_is_tried_again(
    client: Client, emulator: PubSubEmulator
) -> None:
    client.push_to(f"http://127.0.0.1:{refusing_port()}")
    client.publish()
    eventually(lambda: emulator.stats()[FETCH].refused.get("unreachable", 0) > 1)
