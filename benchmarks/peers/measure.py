"""Measure one cell. TMDB is the simulator, in a process of its own.

Its lists are exact here (no drift, no repeated movies), so that a page holds 20 movies
of its own for every client.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from benchmarks.environments import python_of
from benchmarks.initial_load import rates
from benchmarks.peers.cells import DUPLICATES, WEATHERS, Cell, Client, Result
from benchmarks.peers.landing import RETRY_S
from benchmarks.peers.processes import Used
from emulators import environment
from emulators.listeners import open_listener
from emulators.processes import Child, child
from emulators.tmdb import SIMULATED_TOKEN
from local.archives import ROOT
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.runs import Mode, Run

DAY = date(2026, 6, 1)
UNLIMITED = "10000"

_LANDED = "SELECT COUNT(DISTINCT movie_id) AS n FROM tmdb_analytics.movie_details_raw"
_STORED_AT = """
SELECT MAX(logged_at) AS moment FROM tmdb_analytics.ingestion_log
WHERE run_id = @run_id AND event = 'BATCH_DONE'
""".replace("@run_id", f"'{Run(Mode.INITIAL, DAY).run_id}'")


def measure(cell: Cell) -> Result:
    """Load movies once, with an empty destination and a new simulator."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        how = _of_client if cell.client.module else _of_functions
        used, landed, load_s, failure, stats = how(cell, Path(folder))
    return Result(
        client=cell.client.name,
        weather=cell.weather,
        latency_ms=cell.latency_ms,
        limit=cell.limit,
        rate=cell.rate,
        due=cell.due,
        landed=landed,
        wall_s=round(used.wall_s, 2),
        load_s=round(load_s, 2),
        bound_s=cell.bound_s,
        requests=stats["total"],
        throttled=stats["throttled"],
        cpu_s=round(used.cpu_s, 2),
        peak_mib=round(used.peak_mib),
        load=round(load, 1),
        failure=failure,
        packages=cell.client.packages,
    )


type _Measured = tuple[Used, int, float, str, dict[str, Any]]


def _of_client(cell: Cell, folder: Path) -> _Measured:
    """Run a client; in duplicate weather again, for the first part of the list."""
    python, used = _python(cell.client), Used()
    calls = [cell.due]
    if cell.weather == "25 % duplicates":
        calls.append(round(cell.due * DUPLICATES))
    seconds, failure = 0.0, ""
    answer: dict[str, Any] = {}
    with _simulator(cell, folder) as simulator:
        _tell(simulator, "POST", "state", {"faults": WEATHERS[cell.weather]})
        for movies in calls:
            command = [
                python,
                "-m",
                f"benchmarks.peers.clients.{cell.client.module}",
                f"--url={simulator.url}/3",
                f"--token={SIMULATED_TOKEN}",
                f"--rate={cell.rate}",
                f"--movies={movies}",
                f"--out={folder / 'movies.db'}",
                *cell.client.options,
            ]
            env = environment.of_child({"PYTHONPATH": str(ROOT)})
            answer = used.run(command, env, folder)
            seconds += answer["seconds"]
            failure = failure or answer["failure"]
        stats = _tell(simulator, "GET", "stats")
    return used, answer["landed"], seconds, failure, stats


def _of_functions(cell: Cell, folder: Path) -> _Measured:
    """Make an initial run on the local stack, to its last batch stored."""
    rate = str(cell.rate or UNLIMITED)
    options = Options(
        settings={
            "TRACKED_MOVIES": str(cell.due),
            "HISTORY_DAYS": "1",
            "TMDB_RETRY_S": str(RETRY_S),
        },
        settings_of={
            name: own | {"TMDB_REQUESTS_PER_SECOND": rate}
            for name, own in rates().items()
        },
        simulator=_options(cell),
        time_scale=1.0,
        duplicate_rate=DUPLICATES if cell.weather == "25 % duplicates" else 0.0,
    )
    run_id = Run(Mode.INITIAL, DAY).run_id
    used = Used()
    with Stack(folder, options) as stack:
        began, called_at = time.monotonic(), time.time()
        stack.steer_simulator({"faults": WEATHERS[cell.weather]})
        request = {"mode": "initial", "run_date": DAY.isoformat()}
        status, answer = stack.call("ingest_changes", request)
        if status != HTTPStatus.OK:
            sys.exit(f"ingest_changes answered {status}: {answer}")
        wait_until_published(stack.tables, [run_id], 600)
        used.wall_s = time.monotonic() - began
        used.read(
            stack.functions[name].process.pid
            for name in ("ingest_changes", "fetch_details")
        )
        [landed] = [row["n"] for row in stack.client.query_and_wait(_LANDED)]
        [stored] = [row["moment"] for row in stack.client.query_and_wait(_STORED_AT)]
        stats = stack.simulator_stats()
    return used, landed, stored.timestamp() - called_at, "", stats


def _python(client: Client) -> str:
    if client.requirements is None:
        return sys.executable
    return python_of(client.requirements, client.environment)


def _options(cell: Cell) -> tuple[str, ...]:
    return (
        f"--today={DAY}",
        f"--rate-limit={cell.limit}",
        f"--latency-ms={cell.latency_ms}",
        "--no-list-quirks",
    )


@contextmanager
def _simulator(cell: Cell, folder: Path) -> Iterator[Child]:
    command = [sys.executable, "-m", "emulators.tmdb", *_options(cell)]
    env = environment.of_child()
    with (
        open_listener() as listener,
        child("tmdb", command, listener, folder, env=env, cwd=ROOT) as simulator,
    ):
        simulator.wait_until_up()
        _tell(simulator, "POST", "stats/reset")
        yield simulator


def _tell(
    simulator: Child, method: str, name: str, body: object = None
) -> dict[str, Any]:
    connection = HTTPConnection("127.0.0.1", simulator.port, timeout=30)
    try:
        connection.request(method, f"/_sim/{name}", json.dumps(body) if body else None)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return answer
