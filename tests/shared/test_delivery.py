"""Deliveries: both ways of calling a function, and what each outcome answers."""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from shared.delivery import Delivery, answer, read_delivery
from shared.errors import BadMessageError, TransientError
from shared.messages import IngestRequest
from tests.fakes import FakeTopics

RESULT = {"run_id": "daily-2026-03-01", "status": "started"}


def _request(data: bytes) -> Request:
    return Request(EnvironBuilder(method="POST", data=data).get_environ())


def _push(data: bytes, **envelope: Any) -> Request:
    message = {
        "data": base64.b64encode(data).decode(),
        "messageId": "17",
        "publishTime": "2026-03-01T23:59:59.9Z",
    }
    body = {"message": message, "subscription": "s", "deliveryAttempt": 3} | envelope
    return _request(json.dumps(body).encode())


def _parse(body: object, _today: date) -> object:
    if body == {"mode": "hourly"}:
        raise BadMessageError("mode is 'hourly'", field="mode", hint="write daily")
    return body


def _done(_message: object, _delivery: Delivery) -> Mapping[str, Any]:
    return RESULT


def _away(_message: object, _delivery: Delivery) -> Mapping[str, Any]:
    raise TransientError("TMDB is away")


def test_a_push_and_a_call_mean_the_same() -> None:
    body = b'{"mode": "daily"}'
    pushed, called = read_delivery(_push(body)), read_delivery(_request(body))
    assert pushed.body() == called.body() == {"mode": "daily"}
    assert (pushed.is_pushed, called.is_pushed) == (True, False)


def test_a_push_has_its_id_its_attempt_and_the_day_of_its_publication() -> None:
    delivery = read_delivery(_push(b"{}"))
    assert (delivery.id, delivery.attempt) == ("17", 3)
    assert delivery.published_on == date(2026, 3, 1)


def test_a_publish_time_in_another_zone_counts_as_utc() -> None:
    message = {"messageId": "1", "publishTime": "2026-03-02T01:00:00+02:00"}
    request = _request(json.dumps({"message": message}).encode())
    assert read_delivery(request).published_on == date(2026, 3, 1)


def test_a_call_belongs_to_the_day_it_is_made() -> None:
    before = datetime.now(UTC).date()
    day = read_delivery(_request(b"{}")).published_on
    assert before <= day <= datetime.now(UTC).date()


@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00Z",
        "1970-01-01T00:00:00Z",
        "2017-04-27T23:59:59Z",
        "9999-12-31T00:00:00Z",
    ],
)
def test_a_publish_time_that_cannot_be_is_this_moment(moment: str) -> None:
    message = {"messageId": "1", "publishTime": moment}
    before = datetime.now(UTC)
    delivery = read_delivery(_request(json.dumps({"message": message}).encode()))
    assert before <= delivery.published_at <= datetime.now(UTC)


def test_a_publish_time_seconds_ahead_of_our_clock_is_believed() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=30)
    message = {"messageId": "1", "publishTime": moment.isoformat()}
    delivery = read_delivery(_request(json.dumps({"message": message}).encode()))
    assert delivery.published_at == moment


def test_a_message_may_name_no_day_that_has_not_begun() -> None:
    ahead = (datetime.now(UTC) + timedelta(days=1)).date()
    body = json.dumps({"mode": "daily", "run_date": ahead.isoformat()}).encode()
    answered, status = answer(
        _request(body), IngestRequest.from_json, _done, FakeTopics()
    )
    assert (status, answered["field"]) == (400, "run_date")


def test_what_is_done_is_acknowledged() -> None:
    assert answer(_push(b"{}"), _parse, _done, FakeTopics()) == (RESULT, 200)


def test_what_may_pass_is_retried() -> None:
    topics = FakeTopics()
    _, status = answer(_push(b"{}"), _parse, _away, topics)
    assert status == 503
    assert not topics.dead


def test_a_pushed_message_that_cannot_succeed_is_parked_with_the_reason() -> None:
    topics = FakeTopics()
    _, status = answer(_push(b'{"mode": "hourly"}'), _parse, _done, topics)
    assert status == 200
    [(data, attributes)] = topics.dead
    assert data == b'{"mode": "hourly"}'
    assert attributes["field"] == "mode"
    assert attributes["hint"] == "write daily"
    assert attributes["message_id"] == "17"


def test_a_message_is_not_acknowledged_when_it_cannot_be_parked() -> None:
    topics = FakeTopics(is_away=True)
    _, status = answer(_push(b"{"), _parse, _done, topics)
    assert status == 503


@pytest.mark.parametrize("data", [b"", b"   ", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_called_body_that_is_no_json_is_answered_400(data: bytes) -> None:
    body, status = answer(_request(data), _parse, _done, FakeTopics())
    assert status == 400
    assert body["field"] == "body"
    assert "JSON" in body["hint"]


@pytest.mark.parametrize(
    "message", [{"messageId": "1"}, {"messageId": "1", "data": "%"}]
)
def test_a_push_without_readable_data_is_parked(message: dict[str, Any]) -> None:
    topics = FakeTopics()
    request = _request(json.dumps({"message": message}).encode())
    _, status = answer(request, _parse, _done, topics)
    assert (status, len(topics.dead)) == (200, 1)


def test_an_unforeseen_error_propagates() -> None:
    def broken(_message: object, _delivery: Delivery) -> Mapping[str, Any]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer(_push(b"{}"), _parse, broken, FakeTopics())


@pytest.mark.parametrize(
    ("body", "run_id"),
    [
        ({"mode": "daily"}, "daily-2026-03-01"),
        ({"mode": "history"}, "history-2026-03-01"),
        (
            {"mode": "history_day", "date": "2026-02-03"},
            "history-2026-03-01-2026-02-03",
        ),
        (
            {"mode": "history_day", "date": "2026-02-03", "batch_no": 1},
            "history-2026-03-01",
        ),
    ],
)
def test_a_dead_letter_names_the_run_that_it_would_have_begun(
    body: dict[str, Any], run_id: str
) -> None:
    topics = FakeTopics()
    data = json.dumps(body).encode()
    answer(_push(data), _refused, _done, topics)
    [(_, attributes)] = topics.dead
    assert attributes["run_id"] == run_id


def _refused(_body: object, _today: date) -> object:
    raise BadMessageError("refused", field="limit", hint="leave it out")
