"""What our Pub/Sub emulator and Google's own, if installed, have in common.

If the two differ, the test says how, and which is right.
"""

import base64
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from google.api_core import exceptions

from tests.emulators.pubsub.both_ends import (
    BURIED,
    DEAD_LETTERS,
    FETCH,
    TOPIC,
    Client,
    Endpoint,
    eventually,
)

if TYPE_CHECKING:
    from google.pubsub_v1 import types


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
