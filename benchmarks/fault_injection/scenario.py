"""A scenario: one run, the faults that it meets, and the expected outcome.

A fault prepares the scenario before the run's tick; the runner runs it, and
`invariants` checks it.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any

from benchmarks.fault_injection.proxy import Proxy
from emulators.pubsub import PubSubEmulator
from local import topics as local_topics
from local.run_states import RunState
from local.stack import Stack
from shared.messages import IngestRequest
from shared.runs import Mode, Run

RESTART_AFTER_S = 0.2
DELIVERIES = 5
"""Of one message, before it is dead: 7 s, where the cloud's 20 take about 2 hours."""


@dataclass(slots=True)
class Scenario:
    """One run with its fault.

    tracked: movies that the run will surely fetch, the most popular first.
    simulated: the faults of the TMDB simulator (`Faults`).
    failing: movies that cannot be stored. parked: data of messages for dead-letters.
    may_miss: TMDB may answer 404 for a few movies of a batch, and is believed.
    sweeps_at_once: how many sweeps run at the same moment.
    look: called with every look at the run's status; says whether it may end now.
    is_late: rows become visible late, so what is done may be done again.
    is_expired: the run's detail rows have expired.
    crashes: processes killed. begin: what starts the run, its tick unless set.
    """

    seed: int
    fault: str
    day: date
    draw: Random
    stack: Stack
    proxy: Proxy
    tracked: list[int]
    simulated: dict[str, Any] = field(default_factory=dict)
    failing: set[int] = field(default_factory=set)
    parked: set[bytes] = field(default_factory=set)
    may_miss: bool = False
    sweeps_at_once: int = 1
    look: Callable[[RunState], bool] = lambda _: True
    is_late: bool = False
    is_expired: bool = False
    crashes: int = 0
    begin: Callable[[], None] = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin = self.tick

    @property
    def run(self) -> Run:
        """The run of this scenario."""
        return Run(Mode.DAILY, self.day)

    @property
    def days(self) -> tuple[date, ...]:
        """The days that TMDB may be in while the run reads it."""
        return (self.day, self.day + timedelta(days=1))

    def tick(self) -> None:
        """Let Cloud Scheduler begin the run."""
        self.stack.tick(IngestRequest(Mode.DAILY, self.day))

    def publish(self, topic: str, data: bytes) -> None:
        """Publish anything."""
        with local_topics.publisher(self.stack.pubsub_address) as topics:
            topics.publish(local_topics.topic_path(topic), data).result(30)

    def lose(self, is_lost: Callable[[str, bytes], bool]) -> None:
        """Let Pub/Sub lose messages: short topic name and data in."""
        pubsub = self.stack.pubsub
        if not isinstance(pubsub, PubSubEmulator):
            raise TypeError("only the emulator loses messages")
        pubsub.lose(lambda topic, data: is_lost(topic.rpartition("/")[2], data))

    def crash(self, function: str) -> None:
        """Kill a function's process; it is restarted soon."""
        self.stack.functions[function].kill()
        self.crashes += 1

        def replace() -> None:
            time.sleep(RESTART_AFTER_S)
            self.stack.restart(function)

        self.background(replace)

    def background(self, work: Callable[[], None]) -> None:
        """Run `work` in the background; the scenario waits for its end."""
        thread = threading.Thread(target=work, name=f"chaos-{self.seed}")
        self._threads.append(thread)
        thread.start()

    def is_at_work(self) -> bool:
        """Whether something started in the background is not done."""
        return any(thread.is_alive() for thread in self._threads)

    def wait(self) -> None:
        """Wait for all that was started in the background."""
        for thread in self._threads:
            thread.join()

    def push(self, function: str, body: Mapping[str, Any], published_at: str) -> int:
        """Deliver a message as Pub/Sub does, with any publish time; 0 = no answer."""
        data = base64.b64encode(json.dumps(body).encode()).decode()
        message = {"messageId": f"{self.seed}", "publishTime": published_at}
        envelope = json.dumps({"message": message | {"data": data}})
        connection = HTTPConnection(
            "127.0.0.1", self.stack.functions[function].port, timeout=60
        )
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/", envelope, headers)
            return connection.getresponse().status
        except (OSError, HTTPException):
            return 0
        finally:
            connection.close()
