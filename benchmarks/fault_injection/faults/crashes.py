"""Functions that are killed at a moment of their work."""

import gzip
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import count

from benchmarks.fault_injection.proxy import Answer, Call, CutError, Forward
from benchmarks.fault_injection.scenario import Scenario

type Moment = Callable[[Call], bool]


def _records(event: str) -> Moment:
    return lambda call: (
        "/ingestion_log/insertAll" in call.path and event.encode() in call.body
    )


def _loads(column: str) -> Moment:
    return lambda call: (
        call.method == "PUT" and f'"{column}"'.encode() in gzip.decompress(call.body)
    )


def _starts_a_job(call: Call) -> bool:
    return call.method == "POST" and "/jobs" in call.path


def _starts_a_transaction(call: Call) -> bool:
    return _starts_a_job(call) and b"BEGIN TRANSACTION" in call.body


def _kill(
    scenario: Scenario,
    function: str,
    moment: Moment,
    *,
    after: bool = False,
    nth: int = 1,
) -> None:
    """Kill a function at the nth call to BigQuery that matches."""
    lock, numbers = threading.Lock(), count(1)

    def ambush(call: Call, forward: Forward) -> Answer:
        if call.function != function or not moment(call):
            return forward(call)
        with lock:
            if next(numbers) != nth:
                return forward(call)
        if after:
            forward(call)
        scenario.crash(function)
        raise CutError

    scenario.proxy.ambush = ambush


def killed_before_work(scenario: Scenario) -> None:
    """Kill fetch_details at its first call."""
    _kill(scenario, "fetch_details", lambda _: True)


def killed_before_marker(scenario: Scenario) -> None:
    """Kill fetch_details when its rows are stored and its marker is not."""
    _kill(
        scenario,
        "fetch_details",
        _records("BATCH_DONE"),
        nth=scenario.draw.choice([1, 1, 2]),
    )


def killed_after_marker(scenario: Scenario) -> None:
    """Kill fetch_details when its marker is stored and the run not looked at."""
    nth = scenario.draw.choice([1, 2])
    _kill(scenario, "fetch_details", _records("BATCH_DONE"), after=True, nth=nth)


def killed_while_planning(scenario: Scenario) -> None:
    """Kill ingest_changes before or after a step of its plan."""
    moment, after = scenario.draw.choice(
        [
            (_loads("is_deleted"), False),
            (_loads("is_deleted"), True),
            (_loads("movie_ids"), True),
            (_records("RUN_PLANNED"), False),
            (_records("RUN_PLANNED"), True),
        ]
    )
    _kill(scenario, "ingest_changes", moment, after=after)


def killed_during_metrics(scenario: Scenario) -> None:
    """Kill compute_metrics at a job, or at the event that ends its work."""
    if scenario.draw.random() < 0.3:  # noqa: PLR2004
        moment, nth = _records("METRICS_DONE"), 1
    else:
        # The views' first ones, or the script that computes everything.
        moment = scenario.draw.choice([_starts_a_job, _starts_a_transaction])
        nth = scenario.draw.randint(1, 6) if moment is _starts_a_job else 1
    after = scenario.draw.random() < 0.5  # noqa: PLR2004
    _kill(scenario, "compute_metrics", moment, after=after, nth=nth)


def midnight(scenario: Scenario) -> None:
    """Kill the planner of a day's last tick, and let TMDB go on to the next day."""
    _kill(scenario, "ingest_changes", _loads("is_deleted"))

    def deliver() -> None:
        moment = f"{scenario.day}T23:59:59.9Z"
        while scenario.push("ingest_changes", {"mode": "daily"}, moment) != 200:  # noqa: PLR2004
            scenario.stack.steer_simulator(
                {"today": scenario.days[1].isoformat(), "time_of_day": "00:00:01"}
            )
            time.sleep(0.5)

    scenario.begin = partial(scenario.background, deliver)
