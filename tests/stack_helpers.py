"""Publish messages to a running local stack."""

import json
from collections.abc import Mapping

from local import topics as local_topics
from local.stack import Stack


def publish(stack: Stack, topic: str, body: Mapping[str, object]) -> None:
    """Publish a message with any content."""
    with local_topics.publisher(stack.pubsub_address) as topics:
        data = json.dumps(body).encode()
        topics.publish(local_topics.topic_path(topic), data).result(30)
