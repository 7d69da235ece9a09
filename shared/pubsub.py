"""Publish JSON bodies to topics, and wait until Pub/Sub has accepted them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.publisher.futures import Future
from google.cloud.pubsub_v1.types import BatchSettings

from shared.config import Settings
from shared.errors import QueueUnavailableError
from shared.messages import DEAD_LETTERS

PUBLISH_TIMEOUT_S = 60.0
MOST_ATTRIBUTE_BYTES = 1024
"""Pub/Sub rejects longer attribute values."""

PROMPT = BatchSettings(max_latency=0.001)
"""How long Google's client waits for more messages before it sends some, in seconds.
We publish what there is and wait for it, so its usual 0.01 s would be lost each time.
"""

HINTS: Mapping[grpc.StatusCode | None, str] = {
    grpc.StatusCode.NOT_FOUND: "make the topic (terraform apply); retried until then",
    grpc.StatusCode.PERMISSION_DENIED: "let the function publish to the topic "
    "(roles/pubsub.publisher, terraform apply); retried until then",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "retried automatically; if it persists, see "
    "IAM & Admin > Quotas for the limit that is used up",
}
"""gRPC status -> hint; https://cloud.google.com/pubsub/docs/reference/error-codes.

No status is permanent: dead-letters is a topic too, and a message whose result cannot
be published must not be acknowledged. After 20 deliveries Pub/Sub itself moves it to
dead-letters.
"""


def connect(settings: Settings) -> "Publisher":
    """Open the configured project's topics."""
    return Publisher(settings.project_id, settings.topic_prefix)


class Publisher:
    """Topics of one project; `prefix` comes before every topic's name.

    Google's client itself reads PUBSUB_EMULATOR_HOST. `timeout_s` is for each message.
    """

    def __init__(
        self, project_id: str, prefix: str = "", timeout_s: float = PUBLISH_TIMEOUT_S
    ) -> None:
        self._timeout_s = timeout_s
        self._client = PublisherClient(PROMPT)
        self._project_id = project_id
        self._prefix = prefix

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        """Publish each body and wait for all; QueueUnavailableError if any failed."""
        path = self._path(topic)
        futures = [
            self._client.publish(path, json.dumps(body).encode()) for body in bodies
        ]
        for future in futures:
            self._wait(topic, future)
        return len(futures)

    def dead_letter(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish a refused message to dead-letters, the reason as attributes."""
        short = {
            name: value.encode(errors="replace")[:MOST_ATTRIBUTE_BYTES].decode(
                errors="ignore"
            )
            for name, value in attributes.items()
        }
        # On a replay the framework would reject a message without data.
        future = self._client.publish(self._path(DEAD_LETTERS), data or b"{}", **short)
        self._wait(DEAD_LETTERS, future)

    def _path(self, topic: str) -> str:
        return f"projects/{self._project_id}/topics/{self._prefix}{topic}"

    def _wait(self, topic: str, future: Future) -> None:
        try:
            future.result(timeout=self._timeout_s)
        except (
            GoogleAPICallError,
            RetryError,
            GoogleAuthError,
            TimeoutError,
        ) as error:
            status = getattr(error, "grpc_status_code", None)
            raise QueueUnavailableError(
                f"topic {topic} did not take a message: {type(error).__name__}",
                field=topic,
                hint=HINTS.get(status, "retried automatically"),
            ) from error
