"""Messages that are lost, late, bad or never sent, and sweeps at the same moment."""

import json
import time
from functools import partial

from benchmarks.fault_injection.scenario import Scenario
from local.run_states import RunState
from shared.messages import INGEST_REQUESTS, METRICS_REQUESTS, MOVIE_BATCHES

CLOSED = ("PARTIAL", "FAILED")


def lost_batch(scenario: Scenario) -> None:
    """Lose a batch once or twice."""
    left = iter(range(scenario.draw.choice([1, 1, 2])))
    no = scenario.draw.choice([1, 2])

    def is_lost(topic: str, data: bytes) -> bool:
        return (
            topic == MOVIE_BATCHES
            and json.loads(data)["batch_no"] == no
            and next(left, None) is not None
        )

    scenario.lose(is_lost)


def late_batch(scenario: Scenario) -> None:
    """Lose a batch, however often it is published, until the run has been closed."""
    lost: list[bytes] = []
    seen = {"closed": False}

    def is_lost(topic: str, data: bytes) -> bool:
        if topic != MOVIE_BATCHES or json.loads(data)["batch_no"] != 1:
            return False
        lost.append(data)
        return True

    def look(status: RunState) -> bool:
        if not seen["closed"] and status["state"] in CLOSED:
            seen["closed"] = True
            scenario.lose(lambda _topic, _data: False)
            scenario.publish(MOVIE_BATCHES, lost[0])
        return seen["closed"] and status["state"] not in CLOSED

    scenario.lose(is_lost)
    scenario.look = look


def two_sweeps(scenario: Scenario) -> None:
    """Lose a batch, and let three sweeps at once find that out."""
    lost_batch(scenario)
    scenario.sweeps_at_once = 3


def poison_messages(scenario: Scenario) -> None:
    """Publish a message on each topic that no function can process."""
    bad = {
        INGEST_REQUESTS: b'{"mode": "hourly"}',
        MOVIE_BATCHES: json.dumps(
            {"run_id": scenario.run.run_id, "movie_ids": "all"}
        ).encode(),
        METRICS_REQUESTS: b"\xff no JSON",
    }
    tick = scenario.begin

    def begin() -> None:
        for topic, data in bad.items():
            scenario.publish(topic, data)
        tick()

    scenario.begin = begin
    scenario.parked |= set(bad.values())


def missed_tick(scenario: Scenario) -> None:
    """Let no tick come, and Scheduler's sweep after the hour find that out."""

    def deliver() -> None:
        moment = f"{scenario.day}T13:00:00Z"
        while scenario.push("ingest_changes", {"mode": "sweep"}, moment) != 200:  # noqa: PLR2004
            time.sleep(0.5)

    scenario.begin = partial(scenario.background, deliver)
