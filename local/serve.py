"""Run the local stack in the foreground until Ctrl-C: `make local`.

A file in .data has its addresses, so that `tmdb-traction` in another terminal finds it.
TMDB is simulated, or the real one if TMDB_TOKEN is set. The data are those of the demo:
each continues where the other ended.
"""

import signal

if __name__ == "__main__":
    # Google's libraries take seconds to import: Ctrl-C then ends without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path

from google.api_core.exceptions import GoogleAPICallError
from rich.console import Console
from rich.text import Text

from emulators.bigquery import BigQueryEmulatorError
from emulators.processes import StartError
from local import run_states
from local.archives import ROOT
from local.console import open_console
from local.credentials import EMPTY_TOKEN, TokenError, is_empty, tmdb_token
from local.demo_plan import FIRST_DAY
from local.endpoints import Endpoints
from local.stack import FAST_SETTINGS, Options, Stack
from shared.interfaces import Tables
from shared.messages import IngestRequest
from shared.runs import Mode

SWEEP_EVERY_S = 30.0
"""As Cloud Scheduler does: it repairs runs that have stalled."""
REAL_RATE = "30"
REAL_HISTORY_DAYS, SIMULATED_HISTORY_DAYS = 14, 90
MOVIES_AT_SIMULATED_TMDB = 3_000


def main() -> None:
    """Run until Ctrl-C; exit with 1 if it cannot start or is already running."""
    ended, up = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        ended.set()
        if not up.is_set():
            raise KeyboardInterrupt

    # SIGINT too: a shell's background jobs ignore it by default. SIGHUP: the
    # terminal was closed.
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, end)
    console = open_console(soft_wrap=True)
    arguments = _arguments()
    if (other := Endpoints.read(arguments.data)) and other.is_up:
        console.print(f"it is already running, as process {other.pid}: end it first")
        sys.exit(1)
    console.print("starting the emulators and the functions ...")
    try:
        _serve(arguments, console, ended, up)
    except KeyboardInterrupt:
        console.print("ended before it was up; the data stay")
    except (
        BigQueryEmulatorError,
        GoogleAPICallError,
        TokenError,
        OSError,
        StartError,
    ) as error:
        console.print(Text.assemble(("failed:", "red"), f" {error}"))
        sys.exit(1)


def _serve(
    arguments: argparse.Namespace,
    console: Console,
    ended: threading.Event,
    up: threading.Event,
) -> None:
    token = tmdb_token()
    if is_empty():
        console.print(EMPTY_TOKEN)
    data = arguments.data / ("tmdb" if token else "simulated")
    days = arguments.history or (REAL_HISTORY_DAYS if token else SIMULATED_HISTORY_DAYS)
    usual = REAL_RATE if token else FAST_SETTINGS["TMDB_REQUESTS_PER_SECOND"]
    settings = {
        "TRACKED_MOVIES": str(arguments.movies),
        "HISTORY_DAYS": str(days),
        "TMDB_REQUESTS_PER_SECOND": str(arguments.rate or usual),
    }
    simulator = None if token else _simulator(arguments)
    with Stack(data, Options(settings, simulator, token, dashboard=True)) as stack:
        if not token:
            stack.set_today(arguments.today or _newest_day(stack.tables) or FIRST_DAY)
        endpoints = Endpoints(
            pid=os.getpid(),
            bigquery=stack.bigquery_url,
            pubsub=stack.pubsub_address,
            simulator=stack.simulator.url if stack.simulator else "",
            functions={name: one.url for name, one in stack.functions.items()},
            data=str(data),
            tracked_movies=arguments.movies,
            history_days=days,
            requests_per_second=float(settings["TMDB_REQUESTS_PER_SECOND"]),
        )
        with endpoints.published_in(arguments.data):
            up.set()
            _say(console, endpoints, stack)
            while not ended.wait(SWEEP_EVERY_S):
                day = endpoints.today() or datetime.now(UTC).date()
                stack.tick(IngestRequest(Mode.SWEEP, day))
            console.print("ending; the data stay")


def _simulator(arguments: argparse.Namespace) -> tuple[str, ...]:
    # As for the demo, so that the movies are the same.
    return (
        f"--seed={arguments.seed}",
        f"--movies={MOVIES_AT_SIMULATED_TMDB}",
        f"--today={arguments.today or FIRST_DAY}",
    )


def _newest_day(tables: Tables) -> date | None:
    today = datetime.now(UTC).date()
    days = [state["run_date"] for state in run_states.oldest_first(tables)]
    return max((day for day in days if day <= today), default=None)


def _say(console: Console, endpoints: Endpoints, stack: Stack) -> None:
    day = endpoints.today()
    logs = stack.logs
    logs = logs.relative_to(ROOT) if logs.is_relative_to(ROOT) else logs
    source = f"TMDB is simulated, its day is {day}" if day else "TMDB is the real one"
    console.print(
        Text.assemble(("up", "bold"), f": {source}; Ctrl-C ends it, the data stay")
    )
    console.print(
        "In another terminal:\n"
        "  source .venv/bin/activate          once in a terminal\n"
        "  tmdb-traction plan --limit 250    what a load takes and costs\n"
        "  tmdb-traction load --limit 250    start it\n"
        "  tmdb-traction status --watch      watch it\n"
        "  tmdb-traction dead-letters        what could not be processed\n"
        "The functions, as `gcloud functions call` would call them:"
    )
    for name, url in endpoints.functions.items():
        console.print(f"  {name:<16} {url}")
    if day:
        console.print(
            f"Another simulated day: curl {endpoints.simulator}/_sim/state "
            '-d \'{"today": "YYYY-MM-DD"}\''
        )
    console.print(f"The dashboard, once a day is published: {stack.page_url}")
    console.print(f"Logs: {logs}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.serve",
        description="Run the whole pipeline on this machine until Ctrl-C.",
    )
    add = parser.add_argument
    add("--movies", type=int, default=250, help="how many to track")
    add("--history", type=int, help="days of history: 90, or 14 of the real TMDB")
    add("--rate", type=float, help="requests a second: 2000, or 30 to the real TMDB")
    add("--seed", type=int, default=7, help="of the simulated TMDB")
    add(
        "--today",
        type=date.fromisoformat,
        metavar="YYYY-MM-DD",
        help=f"simulated day; default: that of the newest run, else {FIRST_DAY}",
    )
    add("--data", type=Path, default=ROOT / ".data", help="folder of the data")
    return parser.parse_args()


if __name__ == "__main__":
    main()
