"""A message, and the JSON body in which Pub/Sub pushes it. Pure.

https://cloud.google.com/pubsub/docs/push#receive_push
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """One published message.

    published_at: UTC.
    ordering_key: empty for none; it is passed on, but the order is not kept.
    """

    message_id: str
    published_at: datetime
    data: bytes
    attributes: Mapping[str, str]
    ordering_key: str = ""

    @property
    def publish_time(self) -> str:
        """When it was published: RFC 3339 with milliseconds, as in Pub/Sub."""
        text = self.published_at.isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Lease:
    """One delivery of a message, which waits for its acknowledgement.

    attempt: 1 for the first delivery.
    expires_at: in monotonic seconds; an expired delivery is a nack.
    """

    ack_id: str
    message: Message
    attempt: int
    expires_at: float


def push_body(lease: Lease, subscription: str, *, show_attempt: bool) -> bytes:
    """Return the body, as Pub/Sub's: id and time twice, empty fields left out.

    A message without data therefore has no "data" key, and functions-framework answers
    it with 400.
    """
    sent = lease.message
    message: dict[str, Any] = {}
    if sent.attributes:
        message["attributes"] = dict(sent.attributes)
    if sent.data:
        message["data"] = base64.b64encode(sent.data).decode()
    message["messageId"] = message["message_id"] = sent.message_id
    if sent.ordering_key:
        message["orderingKey"] = sent.ordering_key
    message["publishTime"] = message["publish_time"] = sent.publish_time
    body: dict[str, Any] = {"message": message, "subscription": subscription}
    if show_attempt:
        body["deliveryAttempt"] = lease.attempt
    return json.dumps(body).encode()


def dead_letter_attributes(lease: Lease, subscription: str) -> dict[str, str]:
    """Return the message's attributes, and the four that say where it failed.

    https://cloud.google.com/pubsub/docs/handling-failures#track_delivery_attempts
    """
    _, project, _, short_id = subscription.split("/")
    source = "CloudPubSubDeadLetterSource"
    return {
        **lease.message.attributes,
        f"{source}DeliveryCount": str(lease.attempt),
        f"{source}Subscription": short_id,
        f"{source}SubscriptionProject": project,
        f"{source}TopicPublishTime": lease.message.publish_time,
    }
