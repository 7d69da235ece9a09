"""Pub/Sub: Google's client, with the emulator and with errors."""

import json
from collections.abc import Iterator

import grpc
import pytest
from google.pubsub_v1.types import PubsubMessage

from emulators.pubsub import PubSubEmulator
from local import topics as queues
from local.tables import PROJECT
from shared.errors import QueueUnavailableError
from shared.messages import DEAD_LETTERS, MOVIE_BATCHES
from shared.pubsub import HINTS, MOST_ATTRIBUTE_BYTES, Publisher
from tests.refusing_server import refusing

TIMEOUT_S = 10.0


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSubEmulator]:
    with PubSubEmulator() as emulator:
        queues.create_queues(emulator.address, endpoints={})
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.address)
        yield emulator


def test_each_body_is_a_message_that_waits_in_its_topic(
    emulator: PubSubEmulator,
) -> None:
    bodies = [{"batch_no": number, "title": "Amélie"} for number in range(1, 4)]
    assert Publisher(PROJECT).publish(MOVIE_BATCHES, bodies) == 3
    found = [json.loads(message.data) for message in _pull(emulator, MOVIE_BATCHES, 3)]
    assert sorted(found, key=lambda body: body["batch_no"]) == bodies


def test_a_prefix_is_part_of_every_topics_name(emulator: PubSubEmulator) -> None:
    first, rest = MOVIE_BATCHES[:6], MOVIE_BATCHES[6:]
    Publisher(PROJECT, prefix=first).publish(rest, [{"batch_no": 1}])
    assert _pull(emulator, MOVIE_BATCHES, 1)


def test_a_dead_letter_keeps_its_bytes_and_says_why(emulator: PubSubEmulator) -> None:
    reason = "é" * MOST_ATTRIBUTE_BYTES  # two bytes each: longer than Pub/Sub's limit
    Publisher(PROJECT).dead_letter(b"no JSON", {"reason": reason, "field": "mode"})
    [letter] = _pull(emulator, DEAD_LETTERS, 1)
    assert letter.data == b"no JSON"
    assert letter.attributes["field"] == "mode"
    # Cut between characters, not within one.
    assert letter.attributes["reason"] == "é" * (MOST_ATTRIBUTE_BYTES // 2)


def test_an_empty_dead_letter_gets_a_body_that_can_be_replayed(
    emulator: PubSubEmulator,
) -> None:
    Publisher(PROJECT).dead_letter(b"", {"reason": "no body"})
    [letter] = _pull(emulator, DEAD_LETTERS, 1)
    assert letter.data == b"{}"


def _pull(emulator: PubSubEmulator, topic: str, count: int) -> list[PubsubMessage]:
    found: list[PubsubMessage] = []
    while len(found) < count:
        messages = queues.pull(emulator.address, topic, TIMEOUT_S)
        assert messages, f"{len(found)} of {count} messages came"
        found += messages
    return found


@pytest.mark.parametrize(
    "status",
    [*HINTS, grpc.StatusCode.INVALID_ARGUMENT],
    ids=lambda status: status.name,
)
def test_what_pubsub_refuses_is_an_error_with_a_hint(
    status: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    with refusing(status) as address:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
        topics = Publisher("local", timeout_s=2.0)
        with pytest.raises(QueueUnavailableError) as caught:
            topics.publish(MOVIE_BATCHES, [{"a": 1}])
    # Google's client retries an exhausted quota until the timeout.
    hints = {HINTS.get(status), "retried automatically"}
    assert caught.value.hint in hints
    if status in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED):
        assert caught.value.hint == HINTS[status]
