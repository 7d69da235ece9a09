"""Create topics and push subscriptions on the Pub/Sub emulator, as in the cloud.

ingest-requests -> ingest_changes, movie-batches -> fetch_details,
metrics-requests -> compute_metrics, dashboard-requests -> render_dashboard. Messages
that cannot be processed go to dead-letters.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

import grpc
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    PubsubMessage,
    PushConfig,
    RetryPolicy,
    Subscription,
)

from local.tables import PROJECT
from shared.deadlines import ACK_S
from shared.messages import (
    DASHBOARD_REQUESTS,
    DEAD_LETTERS,
    INGEST_REQUESTS,
    METRICS_REQUESTS,
    MOVIE_BATCHES,
)
from shared.pubsub import PROMPT

SUBSCRIBERS = {
    INGEST_REQUESTS: "ingest_changes",
    MOVIE_BATCHES: "fetch_details",
    METRICS_REQUESTS: "compute_metrics",
    DASHBOARD_REQUESTS: "render_dashboard",
}
"""Topic -> the function that its one subscription pushes to."""

ACK_DEADLINE_S = ACK_S
MOST_ATTEMPTS = 20
BACK_OFF_S = (10, 600)


def topic_path(topic: str) -> str:
    """Return a topic's full name."""
    return f"projects/{PROJECT}/topics/{topic}"


def subscription_path(topic: str) -> str:
    """Return the full name of a topic's one subscription."""
    return f"projects/{PROJECT}/subscriptions/{topic}"


@contextmanager
def publisher(address: str) -> Iterator[PublisherClient]:
    """Open Google's publisher client on an emulator at host:port."""
    with grpc.insecure_channel(address) as channel:
        transport = PublisherGrpcTransport(channel=channel)
        yield PublisherClient(PROMPT, transport=transport)


def create_queues(
    address: str, endpoints: Mapping[str, str], most_attempts: int = MOST_ATTEMPTS
) -> None:
    """Create every topic and subscription; `endpoints`: function -> URL to push to.

    Without a URL, the messages of a function stay in its subscription until pulled.
    """
    with publisher(address) as topics, grpc.insecure_channel(address) as channel:
        subscriptions = SubscriberClient(
            transport=SubscriberGrpcTransport(channel=channel)
        )
        for topic in (*SUBSCRIBERS, DEAD_LETTERS):
            topics.create_topic(name=topic_path(topic))
        subscriptions.create_subscription(
            name=subscription_path(DEAD_LETTERS), topic=topic_path(DEAD_LETTERS)
        )
        for topic, function in SUBSCRIBERS.items():
            endpoint = endpoints.get(function, "")
            subscriptions.create_subscription(_push(topic, endpoint, most_attempts))


def pull(address: str, topic: str, timeout_s: float) -> list[PubsubMessage]:
    """Pull and acknowledge up to 100 messages of a topic's pull subscription."""
    path = subscription_path(topic)
    with grpc.insecure_channel(address) as channel:
        client = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            reply = client.pull(subscription=path, max_messages=100, timeout=timeout_s)
            if received := list(reply.received_messages):
                ids = [item.ack_id for item in received]
                client.acknowledge(subscription=path, ack_ids=ids)
                return [item.message for item in received]
    return []


def _push(topic: str, endpoint: str, most_attempts: int) -> Subscription:
    shortest_s, longest_s = BACK_OFF_S
    return Subscription(
        name=subscription_path(topic),
        topic=topic_path(topic),
        push_config=PushConfig(push_endpoint=endpoint),
        ack_deadline_seconds=ACK_DEADLINE_S,
        retry_policy=RetryPolicy(
            minimum_backoff=timedelta(seconds=shortest_s),
            maximum_backoff=timedelta(seconds=longest_s),
        ),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=topic_path(DEAD_LETTERS),
            max_delivery_attempts=most_attempts,
        ),
    )
