"""Messages as Pub/Sub pushes them, and the deliveries that they become."""

import base64
import json
from datetime import UTC, date, datetime, time

from flask import Request
from werkzeug.test import EnvironBuilder

from shared.delivery import Delivery


def pushed(data: bytes, topic: str, message_id: str = "17") -> Request:
    """Return the push request of a message, published at the end of a day."""
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": message_id,
        "publishTime": "2026-03-01T23:59:59.9Z",
    }
    envelope = {"message": message, "subscription": f"projects/p/subscriptions/{topic}"}
    body = json.dumps(envelope).encode()
    return Request(EnvironBuilder(method="POST", data=body).get_environ())


def delivery_on(day: date, attempt: int = 1) -> Delivery:
    """Return a delivery of a message that was published at 09:00 UTC of a day."""
    published_at = datetime.combine(day, time(9), UTC)
    return Delivery("17", published_at, attempt, is_pushed=True, data=b"")
