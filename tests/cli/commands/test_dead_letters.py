"""Dead letters are listed and republished, with the Pub/Sub emulator."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from emulators.pubsub import PubSubEmulator
from local import topics as local_topics
from local.tables import PROJECT
from shared.delivery import Delivery, answer
from shared.errors import BadMessageError
from shared.messages import (
    DEAD_LETTERS,
    INGEST_REQUESTS,
    MOVIE_BATCHES,
    IngestRequest,
    MovieBatch,
)
from shared.pubsub import Publisher
from tests.push_requests import pushed

RUN_ID = "daily-2026-03-01"
BATCH = {"run_id": RUN_ID, "run_date": "2026-03-01", "batch_no": 1, "movie_ids": []}


@pytest.fixture
def pubsub(monkeypatch: pytest.MonkeyPatch) -> Iterator[PubSubEmulator]:
    """Create every topic, each with a pull subscription."""
    with PubSubEmulator(time_scale=0.01) as pubsub:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.address)
        monkeypatch.delenv("PROJECT", raising=False)
        local_topics.create_queues(pubsub.address, {})
        yield pubsub


@pytest.fixture
def topics(pubsub: PubSubEmulator) -> Publisher:
    return Publisher(PROJECT)


@pytest.fixture
def ask(pubsub: PubSubEmulator) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(app, [*words, "--wait-s=0.3"])


def _refuse(topics: Publisher, topic: str, body: Any, message_id: str = "17") -> None:
    parse = {
        INGEST_REQUESTS: IngestRequest.from_json,
        MOVIE_BATCHES: MovieBatch.from_json,
    }[topic]
    request = pushed(json.dumps(body).encode(), topic, message_id)
    _, status = answer(request, parse, _never, topics)
    assert status == 200


def _never(_message: object, _delivery: Delivery) -> dict[str, Any]:
    raise BadMessageError("no run of that day", field="run_date", hint="run it")


def test_without_any_there_is_nothing_to_do(ask: Callable[..., Result]) -> None:
    listed = ask("dead-letters")
    assert (listed.exit_code, listed.output) == (0, "no dead letters\n")
    assert ask("replay-dead-letters").exit_code == 0


def test_a_letter_says_all_that_a_person_needs(
    ask: Callable[..., Result],
    topics: Publisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("K_SERVICE", "fetch-details")
    _refuse(topics, MOVIE_BATCHES, BATCH)
    [letter] = json.loads(ask("dead-letters", "--json").output)
    assert letter == {
        "message_id": "17",
        "function": "fetch-details",
        "topic": MOVIE_BATCHES,
        "run_id": RUN_ID,
        "published_at": "2026-03-01T23:59:59.900000+00:00",
        "field": "batch_count",
        "reason": "batch_count is missing",
        "hint": "write a positive integer",
        "data": json.dumps(BATCH),
    }


def test_listing_takes_nothing_and_counts_a_message_once(
    ask: Callable[..., Result], topics: Publisher
) -> None:
    for message_id in ("17", "17", "18"):
        _refuse(topics, MOVIE_BATCHES, BATCH, message_id)
    for _ in range(2):
        listed = ask("dead-letters")
        assert listed.exit_code == 1
        assert "2 dead letters" in listed.output
        assert "after the fix: tmdb-traction replay-dead-letters" in listed.output


def test_what_pubsub_gave_up_on_says_so(
    ask: Callable[..., Result], pubsub: PubSubEmulator
) -> None:
    with local_topics.publisher(pubsub.address) as client:
        client.publish(
            local_topics.topic_path(DEAD_LETTERS),
            json.dumps(BATCH).encode(),
            CloudPubSubDeadLetterSourceSubscription=MOVIE_BATCHES,
            CloudPubSubDeadLetterSourceDeliveryCount="20",
        ).result(10)
    [letter] = json.loads(ask("dead-letters", "--json").output)
    assert (letter["topic"], letter["run_id"]) == (MOVIE_BATCHES, RUN_ID)
    assert letter["reason"] == "the function did not answer 2xx to 20 deliveries"
    assert "log" in letter["hint"]


def test_a_replay_publishes_once_and_takes_the_letters_out(
    ask: Callable[..., Result], topics: Publisher, pubsub: PubSubEmulator
) -> None:
    for message_id in ("17", "17"):
        _refuse(topics, MOVIE_BATCHES, BATCH, message_id)
    assert "would go to movie-batches" in ask("replay-dead-letters", "--dry-run").output
    replayed = ask("replay-dead-letters")
    assert replayed.exit_code == 0, replayed.output
    [message] = local_topics.pull(pubsub.address, MOVIE_BATCHES, 5)
    assert json.loads(message.data) == BATCH
    assert message.attributes["replay_of"] == "17"
    assert ask("dead-letters").exit_code == 0


def test_one_run_can_be_replayed_alone(
    ask: Callable[..., Result], topics: Publisher, pubsub: PubSubEmulator
) -> None:
    other = BATCH | {"run_id": "daily-2026-03-02"}
    _refuse(topics, MOVIE_BATCHES, BATCH, "17")
    _refuse(topics, MOVIE_BATCHES, other, "18")
    assert ask("replay-dead-letters", "--only", RUN_ID).exit_code == 0
    [message] = local_topics.pull(pubsub.address, MOVIE_BATCHES, 5)
    assert json.loads(message.data) == BATCH
    [left] = json.loads(ask("dead-letters", "--json").output)
    assert left["run_id"] == "daily-2026-03-02"


def test_a_tick_is_replayed_for_the_day_it_was_meant_for(
    ask: Callable[..., Result], topics: Publisher, pubsub: PubSubEmulator
) -> None:
    _refuse(topics, INGEST_REQUESTS, {"mode": "daily"})
    [letter] = json.loads(ask("dead-letters", "--json").output)
    assert letter["run_id"] == RUN_ID
    assert ask("replay-dead-letters").exit_code == 0
    [message] = local_topics.pull(pubsub.address, INGEST_REQUESTS, 5)
    assert json.loads(message.data) == {"mode": "daily", "run_date": "2026-03-01"}


def test_a_letter_stays_when_its_topic_does_not_take_it(
    ask: Callable[..., Result], topics: Publisher, pubsub: PubSubEmulator
) -> None:
    _refuse(topics, MOVIE_BATCHES, BATCH)
    with local_topics.publisher(pubsub.address) as client:
        client.delete_topic(topic=local_topics.topic_path(MOVIE_BATCHES))
    replayed = ask("replay-dead-letters")
    assert replayed.exit_code == 1
    assert "movie-batches did not take it: NotFound" in replayed.output
    assert len(json.loads(ask("dead-letters", "--json").output)) == 1


def test_without_a_project_or_a_subscription_the_way_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PROJECT", raising=False)
    nowhere = CliRunner().invoke(app, ["dead-letters"])
    assert (nowhere.exit_code, "--project" in nowhere.output) == (3, True)
    with PubSubEmulator() as empty:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", empty.address)
        missing = CliRunner().invoke(app, ["dead-letters"])
    assert (missing.exit_code, "terraform" in missing.output) == (3, True)
