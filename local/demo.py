"""The demo: the whole pipeline on this machine, from initial load to charts.

python -m local.demo, or `make demo`. With a TMDB simulator: an initial load, 90 days
of history from exports, then daily runs of simulated days. With TMDB_TOKEN set: the
real TMDB, today, with less history. State stays in .data/; starting again goes on
with the next day. PUBSUB_EMULATOR=google takes Google's own Pub/Sub emulator, where
Java and the Cloud SDK are installed, instead of the embedded emulator.
"""

import signal

if __name__ == "__main__":
    # Google's libraries take seconds to import: Ctrl-C meanwhile ends us in silence.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import NoReturn

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery
from rich.console import Console
from rich.text import Text

from emulators.bigquery import BigQueryEmulatorError
from emulators.processes import StartError
from emulators.pubsub import GoogleEmulatorError
from local import page
from local.archives import ROOT
from local.console import open_console
from local.credentials import EMPTY_TOKEN, TokenError, is_empty, tmdb_token
from local.demo_display import Progress, show_charts, show_next_steps, show_runs
from local.run_progress import RunStuckError, run_states, wait_until_published
from local.stack import Options, Stack
from local.tables import DATASET
from shared.bigquery import Warehouse
from shared.days import days_of
from shared.messages import IngestRequest
from shared.runs import Mode, Run

FIRST_DAY = date(2026, 6, 1)
"""The first simulated day."""

REACHED_TODAY = (
    "The simulated days have reached today, and no run may be of a later day: "
    "`make demo-clean` begins again."
)
MAX_BYTES_BILLED = 1024**3
"""Of each query of the page; nobody is billed on this machine."""
RUN_TIMEOUT_S = 300.0
REAL_RUN_TIMEOUT_S = 1_800.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo runs: how many movies, days of history, daily runs, and where."""

    movies: int
    history_days: int
    days: int
    seed: int
    data: Path


def main() -> None:
    """Run the demo; exit 1 when something did not work, 130 on Ctrl-C."""
    console = open_console()
    # SIGINT too: a shell starts its background jobs with it ignored. SIGHUP: a closed
    # terminal.
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, _terminate)
    arguments = _arguments()
    try:
        token = tmdb_token()
    except TokenError as error:
        console.print(f"failed: {error}", soft_wrap=True)
        sys.exit(1)
    if is_empty():
        console.print(EMPTY_TOKEN)
    plan = Plan(
        movies=arguments.movies,
        history_days=arguments.history or (14 if token else 90),
        days=arguments.days,
        seed=arguments.seed,
        data=arguments.data / ("tmdb" if token else "simulated"),
    )
    try:
        _demo_real(plan, token, console) if token else _demo_simulated(plan, console)
    except KeyboardInterrupt:
        console.print("stopped; `make demo` goes on from here")
        sys.exit(130)
    except (
        BigQueryEmulatorError,
        GoogleAPICallError,
        GoogleEmulatorError,
        OSError,
        RunStuckError,
        StartError,
    ) as error:
        console.print(Text.assemble(("failed:", "red"), f" {error}"), soft_wrap=True)
        console.print(f"logs: {plan.data / 'logs'}", soft_wrap=True)
        sys.exit(1)


def _demo_simulated(plan: Plan, console: Console) -> None:
    began = time.monotonic()
    simulator = (f"--seed={plan.seed}", "--movies=3000", f"--today={FIRST_DAY}")
    with Progress(console) as progress:
        progress.say("starting the emulators and the functions")
        options = _options(plan, simulator=simulator)
        with Stack(plan.data, options) as stack:
            progress.done(f"up in {time.monotonic() - began:.0f} s")
            first = _next_day(stack.client)
            if first == FIRST_DAY:
                _load(stack, first, plan, progress)
            days = days_to_run(first, plan.days, datetime.now(UTC).date())
            for day in days:
                stack.set_today(day)
                stack.tick(IngestRequest(Mode.DAILY, day))
                _follow(stack, [Run(Mode.DAILY, day)], progress, RUN_TIMEOUT_S)
            progress.close()
            _show(stack.client, console)
            last = days[-1] if days else first - timedelta(days=1)
            _write_page(stack.client, last, plan.data, "simulated movies", console)
    if len(days) < plan.days:
        console.print(REACHED_TODAY, soft_wrap=True)
    show_next_steps(console, plan.data, time.monotonic() - began, is_real=False)


def days_to_run(first: date, count: int, today: date) -> list[date]:
    """Return `count` days from the first; no run may be of a day after today."""
    last = min(first + timedelta(days=count - 1), today)
    return days_of(first, last)


def _demo_real(plan: Plan, token: str, console: Console) -> None:
    began = time.monotonic()
    today = datetime.now(UTC).date()
    options = _options(plan, simulator=None, token=token)
    with Progress(console) as progress:
        progress.say("starting the emulators and the functions")
        with Stack(plan.data, options) as stack:
            progress.done(f"up in {time.monotonic() - began:.0f} s")
            if not run_states(stack.client):
                _load(stack, today, plan, progress, REAL_RUN_TIMEOUT_S)
            stack.tick(IngestRequest(Mode.DAILY, today))
            _follow(stack, [Run(Mode.DAILY, today)], progress, REAL_RUN_TIMEOUT_S)
            progress.close()
            _show(stack.client, console)
            _write_page(stack.client, today, plan.data, "this machine", console)
    show_next_steps(console, plan.data, time.monotonic() - began, is_real=True)


def _options(
    plan: Plan, *, simulator: tuple[str, ...] | None, token: str = ""
) -> Options:
    settings = {
        "TRACKED_MOVIES": str(plan.movies),
        "HISTORY_DAYS": str(plan.history_days),
    }
    is_googles = os.environ.get("PUBSUB_EMULATOR") == "google"
    return Options(settings, simulator, token, google_pubsub=is_googles)


def _load(
    stack: Stack,
    day: date,
    plan: Plan,
    progress: Progress,
    timeout_s: float = RUN_TIMEOUT_S,
) -> None:
    """Do what `gcloud functions call ingest_changes --data ...` starts."""
    body = {"mode": "initial", "limit": plan.movies, "run_date": day.isoformat()}
    status, answer = stack.call("ingest_changes", body)
    if status != 200:  # noqa: PLR2004 - HTTP's OK
        raise RunStuckError(f"ingest_changes answered {status}: {answer}")
    runs = [Run(Mode.INITIAL, day), Run(Mode.HISTORY, day)]
    _follow(stack, runs, progress, timeout_s)


def _follow(
    stack: Stack, runs: list[Run], progress: Progress, timeout_s: float
) -> None:
    ids = [run.run_id for run in runs]
    progress.begin(ids)
    states = wait_until_published(stack.client, ids, timeout_s, progress.update)
    progress.finish(states)


def _next_day(client: bigquery.Client) -> date:
    """Return the simulated day after the last that was run, or the first."""
    daily = [state for state in run_states(client) if state["mode"] == Mode.DAILY]
    if not daily:
        return FIRST_DAY
    last: date = daily[-1]["run_date"]
    return last + timedelta(days=1) if daily[-1]["is_published"] else last


def _show(client: bigquery.Client, console: Console) -> None:
    show_runs(console, run_states(client))
    show_charts(console, client)


def _write_page(
    client: bigquery.Client, today: date, data: Path, source: str, console: Console
) -> None:
    """Write the page of the newest day, one file that any browser opens."""
    # Not by the function render_dashboard: that renders a page after each of the
    # simulated days, and the demo shows the last one only.
    tables = Warehouse(client, DATASET, MAX_BYTES_BILLED)
    target = data / "dashboard.html"
    page.write(tables, today, source, target)
    is_open = page.open_if_seen(target)
    where = target.resolve().as_uri()
    opened = " (opened in your browser)" if is_open else ""
    console.print(f"\nThe dashboard: {where}{opened}", soft_wrap=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=250, help="how many to track")
    parser.add_argument("--days", type=int, default=15, help="daily runs to simulate")
    parser.add_argument("--history", type=int, help="days of history to load first")
    parser.add_argument("--seed", type=int, default=7, help="of the simulated TMDB")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".data", help="folder to keep state in"
    )
    return parser.parse_args()


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Leave as on Ctrl-C, so that every child is ended."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
