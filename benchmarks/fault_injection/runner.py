"""Run seeds one after another on one local stack."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from http.client import HTTPException
from pathlib import Path
from random import Random
from typing import Self

from benchmarks.fault_injection import invariants
from benchmarks.fault_injection.faults import FAULTS
from benchmarks.fault_injection.proxy import Proxy, forwarded
from benchmarks.fault_injection.scenario import DELIVERIES, Scenario
from emulators.pubsub import PubSubEmulator
from emulators.tmdb.catalogue.movies import Catalogue
from local import run_states, topics
from local.run_progress import wait_until_published
from local.run_states import RunState
from local.stack import Options, Stack
from shared.messages import DEAD_LETTERS
from shared.runs import ENDED, Mode, Run

FIRST = date(2026, 1, 10)
SEEDS = 300
"""Seed n belongs to the nth day after the first; the simulator has that many."""
CATALOGUE = {"seed": 3, "movies": 400}
MOVIES = 105
"""Three batches; one movie less is still enough coverage, two are not."""
LOOK_S = 0.4
SWEEP_S = 1.2
PATIENCE_S = 120.0

SETTINGS = {
    "TRACKED_MOVIES": str(MOVIES),
    "HISTORY_DAYS": "2",
    "TMDB_RETRY_S": "3",
    # An hour is five seconds.
    "RUN_STALLED_S": "4",
    "RUN_DEADLINE_S": "15",
    "FETCH_DEADLINE_S": "5",
    "MAX_DELIVERY_ATTEMPTS": str(DELIVERIES),
}


class ChaosError(Exception):
    """A run did not end, or not as it had to; the text says how to see it again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one seed ended: `seconds` from the tick to its final state."""

    seed: int
    fault: str
    state: str
    seconds: float
    crashes: int


def fault_of(seed: int) -> str:
    """Return the name of the fault that belongs to a seed."""
    return list(FAULTS)[seed % len(FAULTS)]


def day_of(seed: int) -> date:
    """Return the day whose run a seed breaks."""
    return FIRST + timedelta(days=1 + seed % SEEDS)


class Runner:
    """A stack with a proxy before BigQuery; `seed` is the first to run on it."""

    def __init__(self, data: Path, seed: int, *, google_pubsub: bool = False) -> None:
        self._proxy = Proxy()
        self._source = Catalogue(**CATALOGUE, start=date(FIRST.year, 1, 1))
        self._start = day_of(seed) - timedelta(days=1)
        simulator = (
            *(f"--{name}={value}" for name, value in CATALOGUE.items()),
            f"--start={FIRST.year}-01-01",
            f"--today={self._start}",
        )
        options = Options(
            SETTINGS,
            simulator=simulator,
            duplicate_rate=0.25,
            google_pubsub=google_pubsub,
            before_bigquery=self._proxy.between,
        )
        self.stack = Stack(data, options)

    def __enter__(self) -> Self:
        self.stack.__enter__()
        try:
            self._load()
        except BaseException:
            self.stack.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.__exit__(None, None, None)

    def play(self, seed: int) -> Outcome:
        """Play a seed to its end; ChaosError when anything is not as it must be."""
        scenario = self._scenario(seed)
        FAULTS[scenario.fault](scenario)
        self.stack.steer_simulator(
            {
                "today": scenario.day.isoformat(),
                "time_of_day": "09:00:00",
                "faults": scenario.simulated,
            }
        )
        began = time.monotonic()
        try:
            scenario.begin()
            status, seconds = self._watch(scenario, began)
        finally:
            scenario.wait()
            self._heal(scenario)
        wrong = list(
            invariants.problems(scenario, status, self._letters(), self._source)
        )
        if wrong:
            raise self._error(scenario, "; ".join(wrong))
        return Outcome(seed, scenario.fault, status["state"], seconds, scenario.crashes)

    def _load(self) -> None:
        body = {"mode": "initial", "run_date": self._start.isoformat()}
        self.stack.call("ingest_changes", body)
        runs = [Run(mode, self._start).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(self.stack.tables, runs, PATIENCE_S)

    def _scenario(self, seed: int) -> Scenario:
        rows = self.stack.client.query_and_wait(
            "SELECT movie_id FROM tmdb_analytics.tracked_movies "
            f"WHERE retired_on IS NULL AND rank <= {MOVIES} ORDER BY rank"
        )
        return Scenario(
            seed=seed,
            fault=fault_of(seed),
            day=day_of(seed),
            draw=Random(seed),
            stack=self.stack,
            proxy=self._proxy,
            tracked=[row["movie_id"] for row in rows],
        )

    def _watch(self, scenario: Scenario, began: float) -> tuple[RunState, float]:
        """Sweep and look until the run is in a final state and stays there."""
        swept_at, ended_at = began, 0.0
        while (now := time.monotonic()) < began + PATIENCE_S:
            time.sleep(LOOK_S)
            status = run_states.of_id(self.stack.tables, scenario.run.run_id)
            may_end = status is not None and scenario.look(status)
            if status and may_end and status["state"] in ENDED:
                ended_at = ended_at or now
                if self._is_idle(scenario):
                    self._sweep(scenario)
                    again = run_states.of_id(self.stack.tables, scenario.run.run_id)
                    if again == status and self._is_idle(scenario):
                        return status, ended_at - began
            else:
                ended_at = 0.0
            if now - swept_at > SWEEP_S:
                swept_at = now
                self._sweep(scenario)
        status = run_states.of_id(self.stack.tables, scenario.run.run_id)
        raise self._error(scenario, f"not ended after {PATIENCE_S:.0f} s: {status}")

    def _sweep(self, scenario: Scenario) -> None:
        body = {"mode": "sweep", "run_date": scenario.day.isoformat()}

        def sweep(_: int) -> None:
            # A killed function answers nothing: the next sweep will.
            with suppress(OSError, HTTPException):
                self.stack.call("ingest_changes", body)

        with ThreadPoolExecutor(scenario.sweeps_at_once) as threads:
            list(threads.map(sweep, range(scenario.sweeps_at_once)))

    def _is_idle(self, scenario: Scenario) -> bool:
        pubsub = self.stack.pubsub
        if scenario.is_at_work():
            return False
        return not isinstance(pubsub, PubSubEmulator) or pubsub.idle()

    def _heal(self, scenario: Scenario) -> None:
        self._proxy.ambush = forwarded
        if isinstance(self.stack.pubsub, PubSubEmulator):
            scenario.lose(lambda _topic, _data: False)
        self.stack.steer_simulator({"faults": {}})

    def _letters(self) -> Sequence[bytes]:
        pubsub = self.stack.pubsub
        if isinstance(pubsub, PubSubEmulator):
            waiting = pubsub.stats()[topics.subscription_path(DEAD_LETTERS)].ready
            if not waiting:
                return []
        return [letter.data for letter in self.stack.dead_letters(2.0)]

    def _error(self, scenario: Scenario, what: str) -> ChaosError:
        return ChaosError(
            f"seed {scenario.seed} ({scenario.fault}, {scenario.run.run_id}): {what}\n"
            f"again: python -m benchmarks.fault_injection --seed {scenario.seed}"
        )
