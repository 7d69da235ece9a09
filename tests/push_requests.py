"""Requests as Pub/Sub pushes them."""

import base64
import json

from flask import Request
from werkzeug.test import EnvironBuilder


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
