"""The TMDB simulator as a process of the local stack: start, control and query it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from pathlib import Path

from emulators import environment
from emulators.listeners import open_listener
from emulators.processes import Child, child
from local.archives import ROOT
from local.endpoints import Json, send_json

TIMEOUT_S = 30.0


class SimulatorError(Exception):
    """The simulator refused a request, or the stack uses the real TMDB."""


@contextmanager
def running(options: Sequence[str], logs: Path) -> Iterator[Child]:
    """Run the simulator with these command-line options; it is starting."""
    command = [sys.executable, "-m", "emulators.tmdb", *options]
    env = environment.of_child()
    with (
        open_listener() as listener,
        child("tmdb_simulator", command, listener, logs, env=env, cwd=ROOT) as started,
    ):
        yield started


def steer(simulator: Child | None, state: Mapping[str, object]) -> Json:
    """Change its day, limits or faults; return its new state."""
    return _ask(simulator, "POST", "/_sim/state", state)


def stats(simulator: Child | None) -> Json:
    """Return its counters."""
    return _ask(simulator, "GET", "/_sim/stats", None)


def articles(simulator: Child) -> dict[str, str]:
    """Return today's titles of its movies' Wikipedia articles by Wikidata id."""
    return _ask(simulator, "GET", "/_sim/articles", None)


def readers(simulator: Child, day: date) -> list[tuple[str, int, int]]:
    """Return title, desktop and mobile views of the articles read on a day."""
    answer = _ask(simulator, "GET", f"/_sim/readers?day={day}", None)
    return [tuple(one) for one in answer["readers"]]


def _ask(simulator: Child | None, method: str, path: str, body: object) -> Json:
    if simulator is None:
        raise SimulatorError("this stack uses the real TMDB, not the simulator")
    status, answer = send_json(simulator.url, method, path, body, TIMEOUT_S)
    if status != HTTPStatus.OK:
        raise SimulatorError(f"the simulator refused {path}: {answer}")
    return answer
