"""Read the subscription dead-letters, and explain each message.

The functions add attributes with the reason why they rejected a message. For a message
that Pub/Sub itself moved there, the number of deliveries is known.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.types import ReceivedMessage

from shared.messages import DEAD_LETTERS, INGEST_REQUESTS

_PUBSUBS = "CloudPubSubDeadLetterSource"
_READ_THE_LOG = "read the function's log; fix the cause, then replay"
_MOST_PULLED = 100
_PUBLISH_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter: where it came from, why it failed, and what to do.

    message_id: of the message that failed. ack_ids: of its dead letters; a message
    that was delivered twice may be there twice.
    """

    message_id: str
    function: str
    topic: str
    run_id: str
    published_at: str
    field: str
    reason: str
    hint: str
    data: bytes
    ack_ids: tuple[str, ...]

    @classmethod
    def read(cls, received: ReceivedMessage) -> Self:
        """Read a dead letter of ours, or of Pub/Sub."""
        about = dict(received.message.attributes)
        subscription = about.get(f"{_PUBSUBS}Subscription", "")
        attempts = about.get(f"{_PUBSUBS}DeliveryCount", "?")
        published_at = about.get("published_at") or about.get(
            f"{_PUBSUBS}TopicPublishTime", ""
        )
        return cls(
            message_id=about.get("message_id") or received.message.message_id,
            function=about.get("function", ""),
            topic=about.get("source_topic") or subscription,
            run_id=about.get("run_id") or _run_id(received.message.data),
            published_at=published_at,
            field=about.get("field", ""),
            reason=about.get("reason")
            or f"the function did not answer 2xx to {attempts} deliveries",
            hint=about.get("hint") or _READ_THE_LOG,
            data=received.message.data,
            ack_ids=(received.ack_id,),
        )

    def body(self) -> bytes:
        """Return the data to publish again.

        A request without a day means the day of its publication, not of its replay.
        """
        if not self.topic.endswith(INGEST_REQUESTS) or not self.published_at:
            return self.data
        body = _object(self.data)
        if body and "run_date" not in body:
            day = datetime.fromisoformat(self.published_at).date()
            return json.dumps(body | {"run_date": day.isoformat()}).encode()
        return self.data

    def to_json(self) -> dict[str, str]:
        """Return the dead letter as JSON."""
        named = {name: getattr(self, name) for name in self.__slots__}
        text = self.data.decode(errors="replace")
        return {k: v for k, v in named.items() if k != "ack_ids"} | {"data": text}


class Box:
    """The dead letters of one project, leased as long as it is open."""

    def __init__(
        self,
        subscriber: SubscriberClient,
        publisher: PublisherClient,
        project: str,
        prefix: str,
        wait_s: float,
    ) -> None:
        self._wait_s = wait_s
        self._subscriber = subscriber
        self._publisher = publisher
        self._project = project
        self._subscription = f"projects/{project}/subscriptions/{prefix}{DEAD_LETTERS}"

    def letters(self) -> list[Letter]:
        """Lease every dead letter; return each message once."""
        held: dict[tuple[str, str], Letter] = {}
        while received := self._pull():
            for item in received:
                one = Letter.read(item)
                twin = held.get((one.topic, one.message_id))
                ids = (*(twin.ack_ids if twin else ()), *one.ack_ids)
                held[one.topic, one.message_id] = replace(one, ack_ids=ids)
        return list(held.values())

    def put_back(self, letters: Sequence[Letter]) -> None:
        """Release dead letters: they are available again at once."""
        for letter in letters:
            self._subscriber.modify_ack_deadline(
                subscription=self._subscription,
                ack_ids=list(letter.ack_ids),
                ack_deadline_seconds=0,
            )

    def replay(self, letter: Letter) -> str | None:
        """Republish and acknowledge; return the problem if it stays."""
        path = f"projects/{self._project}/topics/{letter.topic}"
        try:
            future = self._publisher.publish(
                path, letter.body(), replay_of=letter.message_id
            )
            future.result(timeout=_PUBLISH_TIMEOUT_S)
        except (GoogleAPICallError, TimeoutError) as error:
            self.put_back([letter])
            return f"{letter.topic} did not take it: {type(error).__name__}"
        self._subscriber.acknowledge(
            subscription=self._subscription, ack_ids=list(letter.ack_ids)
        )
        return None

    def _pull(self) -> list[ReceivedMessage]:
        try:
            reply = self._subscriber.pull(
                subscription=self._subscription,
                max_messages=_MOST_PULLED,
                timeout=self._wait_s,
            )
        except DeadlineExceeded:
            return []
        return list(reply.received_messages)


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _run_id(data: bytes) -> str:
    body = _object(data) or {}
    return str(body.get("run_id") or "")
