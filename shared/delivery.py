"""Turn an HTTP request into a delivery, and the work's outcome into the response.

A function is called in two ways: Pub/Sub pushes an envelope, or a person posts plain
JSON (`gcloud functions call NAME --data '{...}'`). Both become a Delivery here, and
`answer` turns what the work raised into what the caller must see:

| outcome          | pushed                                | called             |
|------------------|---------------------------------------|--------------------|
| done             | 200, acknowledged                     | 200 and the result |
| TransientError   | 503, delivered again                  | 503 and the reason |
| PermanentError   | to dead-letters, then 200             | 4xx/5xx, the field |
| dead-letters out | 503, delivered again                  | -                  |
| anything else    | propagates: 500, redelivered, at last dead-lettered by Pub/Sub |
"""

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Request

from shared import clock, days
from shared.config import Platform
from shared.errors import (
    BadMessageError,
    PermanentError,
    PipelineError,
    TransientError,
)
from shared.interfaces import Topics
from shared.runs import Mode

log = logging.getLogger(__name__)

type Parse[M] = Callable[[object, date], M]
"""A body and the newest day that it may name in, a message out."""
type Answer = tuple[dict[str, Any], int]
type Work[M] = Callable[[M, "Delivery"], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver one message.

    id: Pub/Sub's message id, the same on every redelivery; "call" for a call.
    published_at: when the message was published, in UTC, the same on redelivery.
    attempt: 1 for the first; counted only where the subscription dead-letters.
    topic: where it was published; "" for a call.
    """

    id: str
    published_at: datetime
    attempt: int
    is_pushed: bool
    data: bytes
    topic: str = ""

    @property
    def published_on(self) -> date:
        """The UTC day that a message without a run date belongs to."""
        return self.published_at.date()

    def body(self) -> object:
        """Return the message's JSON; BadMessageError if it is not JSON."""
        example = 'send JSON, such as {"mode": "daily"}'
        if not self.data.strip():
            raise BadMessageError("the body is empty", field="body", hint=example)
        try:
            return json.loads(self.data)
        except (ValueError, RecursionError) as error:
            raise BadMessageError(
                "the body is not JSON", field="body", hint=example
            ) from error


def read_delivery(request: Request) -> Delivery:
    """Take a Pub/Sub push envelope or a plain body; never fails on its content."""
    raw = request.get_data()
    try:
        envelope = json.loads(raw)
    except (ValueError, RecursionError):
        envelope = None
    message = envelope.get("message") if isinstance(envelope, dict) else None
    if not isinstance(message, dict) or "messageId" not in message:
        # A call has no publish time: only here the clock decides.
        return Delivery("call", clock.now(), 1, is_pushed=False, data=raw)
    attempt = envelope.get("deliveryAttempt", 1)
    return Delivery(
        id=str(message["messageId"]),
        published_at=_published_at(message),
        attempt=attempt if isinstance(attempt, int) else 1,
        is_pushed=True,
        data=_data(message),
        # Each topic has one subscription of the same name, here and in Terraform.
        topic=str(envelope.get("subscription") or "").rpartition("/")[2],
    )


def answer[M](
    request: Request, parse: Parse[M], work: Work[M], topics: Topics
) -> Answer:
    """Do the work of one request and translate its outcome (see the module's table)."""
    delivery = read_delivery(request)
    try:
        today = days.newest_day(clock.now())
        result = work(parse(delivery.body(), today), delivery)
    except TransientError as error:
        log.warning("delivery_deferred", extra=_fields(delivery, error))
        return error.to_json(), error.status
    except PermanentError as error:
        log.error("delivery_refused", extra=_fields(delivery, error))  # noqa: TRY400 - the reason says it; a stack trace of a bad message is noise
        if not delivery.is_pushed:
            return error.to_json(), error.status
        return _dead_letter(delivery, error, topics)
    return dict(result), 200


def _dead_letter(delivery: Delivery, reason: PermanentError, topics: Topics) -> Answer:
    try:
        topics.dead_letter(delivery.data, _provenance(delivery) | reason.to_json())
    except TransientError as error:
        log.warning("dead_letter_deferred", extra=_fields(delivery, error))
        return error.to_json(), error.status
    return reason.to_json(), 200


def _provenance(delivery: Delivery) -> dict[str, str]:
    """Return the attributes of a dead letter, for a person or a replay."""
    known = {
        "function": Platform.from_env().service,
        "source_topic": delivery.topic,
        "run_id": _run_id(delivery),
        "published_at": delivery.published_at.isoformat(),
    }
    return {name: text for name, text in known.items() if text} | _about(delivery)


def _run_id(delivery: Delivery) -> str:
    """Return the run that a refused message names or would have begun, "" if none."""
    try:
        body = json.loads(delivery.data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(body, dict):
        return ""
    named, mode = body.get("run_id"), body.get("mode")
    if isinstance(named, str):
        return named
    day = body.get("run_date") or delivery.published_on
    if mode == Mode.HISTORY_DAY:
        of_run = "" if "batch_no" in body else f"-{body.get('date')}"
        return f"{Mode.HISTORY}-{day}{of_run}"
    return f"{mode}-{day}" if mode in tuple(Mode) else ""


def _fields(delivery: Delivery, error: PipelineError) -> dict[str, str]:
    """Return the fields of a log line; run_id is "" where there is none."""
    return _about(delivery) | {"run_id": _run_id(delivery)} | error.to_json()


def _about(delivery: Delivery) -> dict[str, str]:
    return {"message_id": delivery.id, "delivery_attempt": str(delivery.attempt)}


def _published_at(message: Mapping[str, Any]) -> datetime:
    """Return when a message was published; the current time if it does not say."""
    now = clock.now()
    try:
        moment = datetime.fromisoformat(str(message.get("publishTime")))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(
            UTC
        )
    except (ValueError, OverflowError):
        return now
    return moment if days.is_believable(moment, now) else now


def _data(message: Mapping[str, Any]) -> bytes:
    text = str(message.get("data", ""))
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        # Kept as it came: it is then rejected as not JSON, and dead-lettered.
        return text.encode(errors="replace")
