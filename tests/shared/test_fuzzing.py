"""Fuzzing: whatever is posted to a function is done, parked or refused by field.

Real HTTP requests go through Flask to `answer`, as functions-framework sends them;
in place of the work is a note that it was asked for.
"""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import Delivery, answer
from shared.errors import BadMessageError
from shared.messages import (
    DashboardRequest,
    IngestRequest,
    MetricsRequest,
    MovieBatch,
    ViewsRequest,
    metrics_request,
)
from shared.runs import Mode
from tests.fakes import FakeTopics

type Message = (
    IngestRequest | MovieBatch | MetricsRequest | ViewsRequest | DashboardRequest
)

TODAY = date(2026, 3, 2)

MESSAGES: dict[str, Callable[[object, date], Message]] = {
    "ingest_changes": IngestRequest.from_json,
    "fetch_details": MovieBatch.from_json,
    "compute_metrics": metrics_request,
    "render_dashboard": DashboardRequest.from_json,
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
days = st.dates().map(str) | st.sampled_from(
    [
        "2026-03-01",
        "0001-01-01",
        "9999-12-31",
        "0000-00-00",
        "2026-02-30",
        "2026-3-1",
        "\u0662026-03-01",
        "",
    ]
)
run_ids = st.builds("{}-{}".format, st.sampled_from(["daily", "x"]), days)
numbers = st.integers(-1, 3) | st.sampled_from([2**63, 10**400, 1e308, "1", True])
plausible: dict[str, st.SearchStrategy[Any]] = {
    "mode": st.sampled_from([*Mode, "hourly"]),
    "run_date": days,
    "date": days,
    "from": days,
    "to": days,
    "run_id": run_ids,
    "snapshot_date": days,
    "limit": numbers,
    "batch_no": numbers,
    "batch_count": numbers,
    "views": st.booleans() | numbers,
    "movie_ids": st.lists(numbers | anything, max_size=4),
}
bodies = anything | st.fixed_dictionaries(
    {}, optional={name: some | anything for name, some in plausible.items()}
)
texts = st.binary(max_size=40) | bodies.map(lambda body: json.dumps(body).encode())


class Posted:
    """A Flask app for every function's messages, which records the last result."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.topics = FakeTopics()
        app = Flask("fuzzed")
        app.post("/<function>")(self._take)
        self._client = app.test_client()

    def post(self, function: str, data: bytes) -> tuple[int, Any]:
        """Post a body as Pub/Sub or a user does; drop the earlier result."""
        self.done, self.topics.dead = [], []
        response = self._client.post(f"/{function}", data=data)
        return response.status_code, response.get_json()

    def _take(self, function: str) -> tuple[dict[str, Any], int]:
        return answer(request, MESSAGES[function], self._work, self.topics)

    def _work(self, message: object, _delivery: Delivery) -> Mapping[str, Any]:
        self.done.append(message)
        return {"status": "done"}


@pytest.fixture(scope="module")
def posted() -> Posted:
    return Posted()


def _is_refusal(answered: Any) -> bool:
    return bool(answered["error"] and answered["field"] and answered["hint"])


@pytest.mark.parametrize("function", MESSAGES)
@given(data=texts)
def test_a_called_body_is_done_or_refused_by_field(
    posted: Posted, function: str, data: bytes
) -> None:
    status, answered = posted.post(function, data)
    if posted.done:
        assert status == 200
    elif posted.topics.dead:  # it had the shape of an envelope
        assert status == 200
        assert _is_refusal(answered)
    else:
        assert status == 400
        assert _is_refusal(answered)


@pytest.mark.parametrize("function", MESSAGES)
@given(data=texts)
def test_a_pushed_body_is_done_or_parked_as_it_came(
    posted: Posted, function: str, data: bytes
) -> None:
    message = {"messageId": "17", "data": base64.b64encode(data).decode()}
    status, _ = posted.post(function, json.dumps({"message": message}).encode())
    assert status == 200
    if not posted.done:
        [(parked, attributes)] = posted.topics.dead
        assert parked == data
        assert attributes["field"]
        assert attributes["reason"]


@pytest.mark.parametrize("function", MESSAGES)
@given(
    message=st.fixed_dictionaries(
        {"messageId": anything},
        optional={
            "data": anything | st.text() | st.binary().map(lambda b: b.hex()),
            "publishTime": anything | days,
            "attributes": anything,
        },
    ),
    rest=st.fixed_dictionaries(
        {}, optional={"deliveryAttempt": anything, "subscription": anything}
    ),
)
def test_no_envelope_is_answered_500_or_dropped(
    posted: Posted, function: str, message: dict[str, Any], rest: dict[str, Any]
) -> None:
    envelope = json.dumps({"message": message, **rest}).encode()
    status, _ = posted.post(function, envelope)
    assert status == 200
    assert len(posted.done) + len(posted.topics.dead) == 1


@given(body=bodies)
def test_no_body_is_accepted_as_something_else(body: object) -> None:
    """An accepted message is written as it was read: nothing is guessed."""
    for parse in MESSAGES.values():
        try:
            message = parse(body, TODAY)
        except BadMessageError:
            continue
        assert parse(message.to_json(), TODAY) == message
