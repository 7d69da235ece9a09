"""What the demo runs: the stack, an initial load, daily runs, the charts and the page.

It imports Google's libraries, which takes seconds: demo.py shows something before.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from google.api_core.exceptions import GoogleAPICallError
from rich.console import Console
from rich.text import Text

from emulators.bigquery import BigQueryEmulatorError
from emulators.processes import StartError
from emulators.pubsub import GoogleEmulatorError
from local import page, run_states
from local.credentials import EMPTY_TOKEN, TokenError, is_empty, tmdb_token
from local.demo_display import (
    show_charts,
    show_first_movies,
    show_next_steps,
    show_runs,
)
from local.progress import Steps
from local.run_progress import MetricsLog, Progress, RunStuckError, published
from local.run_states import RunState
from local.stack import Options, Stack
from shared.days import days_of
from shared.interfaces import Tables
from shared.messages import IngestRequest
from shared.runs import Mode, Run

FIRST_DAY = date(2026, 6, 1)
"""The first simulated day."""

REACHED_TODAY = (
    "The simulated days have reached today, and no run may be of a later day: "
    "`make demo-clean` begins again."
)
RUN_TIMEOUT_S = 300.0
REAL_RUN_TIMEOUT_S = 1_800.0

FAILURES = (
    BigQueryEmulatorError,
    GoogleAPICallError,
    GoogleEmulatorError,
    OSError,
    RunStuckError,
    StartError,
)
"""What a demo that does not work ends with."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demo runs: how many movies, days of history, daily runs, and where.

    token: TMDB's credential; "" to simulate TMDB.
    """

    movies: int
    history_days: int
    days: int
    seed: int
    data: Path
    token: str


def run(arguments: argparse.Namespace, steps: Steps, console: Console) -> bool:
    """Run the demo that the arguments and TMDB_TOKEN choose; False when it failed."""
    began = time.monotonic()
    try:
        token = tmdb_token()
    except TokenError as error:
        steps.bars.close()
        console.print(f"failed: {error}", soft_wrap=True)
        return False
    if is_empty():
        console.print(EMPTY_TOKEN)
    plan = Plan(
        movies=arguments.movies,
        history_days=arguments.history or (14 if token else 90),
        days=arguments.days,
        seed=arguments.seed,
        data=arguments.data / ("tmdb" if token else "simulated"),
        token=token,
    )
    try:
        with Stack(plan.data, _options(plan)) as stack:
            steps.done(f"up in {time.monotonic() - began:.0f} s")
            demo = _Demo(stack, plan, steps, console)
            days = demo.run_today() if token else demo.run_days()
            demo.show(days)
            steps.say("ending the emulators and the functions")
    except FAILURES as error:
        steps.bars.close()
        console.print(Text.assemble(("failed:", "red"), f" {error}"), soft_wrap=True)
        console.print(f"logs: {plan.data / 'logs'}", soft_wrap=True)
        return False
    steps.bars.close()
    if not token and len(days) < plan.days:
        console.print(REACHED_TODAY, soft_wrap=True)
    seconds = time.monotonic() - began
    show_next_steps(console, plan.data, seconds, is_real=bool(token))
    return True


def days_to_run(first: date, count: int, today: date) -> list[date]:
    """Return `count` days from the first; no run may be of a day after today."""
    last = min(first + timedelta(days=count - 1), today)
    return days_of(first, last)


def _options(plan: Plan) -> Options:
    settings = {
        "TRACKED_MOVIES": str(plan.movies),
        "HISTORY_DAYS": str(plan.history_days),
    }
    simulator = (f"--seed={plan.seed}", "--movies=3000", f"--today={FIRST_DAY}")
    is_googles = os.environ.get("PUBSUB_EMULATOR") == "google"
    return Options(
        settings,
        None if plan.token else simulator,
        plan.token,
        google_pubsub=is_googles,
    )


class _Demo:
    """The runs of one demo on a stack that is up."""

    def __init__(
        self, stack: Stack, plan: Plan, steps: Steps, console: Console
    ) -> None:
        self._stack = stack
        self._plan = plan
        self._steps = steps
        self._console = console
        self._metrics = MetricsLog(stack.logs)
        self._are_shown = False
        self._timeout_s = REAL_RUN_TIMEOUT_S if plan.token else RUN_TIMEOUT_S

    def run_days(self) -> list[date]:
        """Load what is needed, then run simulated days; return those."""
        first = _next_day(self._stack.tables)
        if first == FIRST_DAY:
            self._load(first)
        days = days_to_run(first, self._plan.days, datetime.now(UTC).date())
        for day in days:
            self._stack.set_today(day)
            self._run_daily(day)
        return days

    def run_today(self) -> list[date]:
        """Load what is needed, then run today, of the real TMDB; return that day."""
        today = datetime.now(UTC).date()
        if not run_states.oldest_first(self._stack.tables):
            self._load(today)
        self._run_daily(today)
        return [today]

    def show(self, days: list[date]) -> None:
        """Print the tables and write the page, of the newest day."""
        client, console = self._stack.client, self._console
        self._steps.say("drawing the charts and the page")
        show_runs(console, run_states.oldest_first(self._stack.tables))
        show_charts(console, client)
        newest = days[-1] if days else datetime.now(UTC).date()
        self._write_page(newest)

    def _run_daily(self, day: date) -> None:
        runs = [Run(Mode.DAILY, day)]
        self._run(runs, lambda: self._stack.tick(IngestRequest(Mode.DAILY, day)))

    def _load(self, day: date) -> None:
        runs = [Run(Mode.INITIAL, day), Run(Mode.HISTORY, day)]
        self._run(runs, lambda: self._call_for_load(day))

    def _call_for_load(self, day: date) -> None:
        """Do what `gcloud functions call ingest_changes --data ...` starts."""
        body = {
            "mode": "initial",
            "limit": self._plan.movies,
            "run_date": day.isoformat(),
        }
        status, answer = self._stack.call("ingest_changes", body)
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            raise RunStuckError(f"ingest_changes answered {status}: {answer}")

    def _run(self, runs: list[Run], start: Callable[[], None]) -> None:
        """Start runs and show them until they are published."""
        ids = [run.run_id for run in runs]
        steps, began = self._steps, time.monotonic()
        steps.bars.clear()
        for run_id in ids:
            steps.bars.add(run_id, "planning")
        start()
        for state in published(
            self._stack.tables, ids, self._timeout_s, self._report, self._metrics.wait
        ):
            steps.bars.remove(state["run_id"])
            steps.print_done(_done(state, time.monotonic() - began))

    def _report(self, runs: Sequence[Progress]) -> None:
        """Move the bars; with the last movies of the first load, show some of them."""
        for progress in runs:
            total, done = progress["batches_total"], progress["batches_done"]
            if not total:
                continue
            is_fetched = done >= total
            doing = "computing metrics" if is_fetched else f"{done}/{total} batches"
            self._steps.bars.move(progress["run_id"], done, total, doing)
            run = Run.from_id(progress["run_id"])
            if run.mode is Mode.INITIAL and is_fetched and not self._are_shown:
                show_first_movies(self._console, self._stack.client, run)
                self._are_shown = True

    def _write_page(self, newest: date) -> None:
        """Write the page of the newest day, one file that any browser opens."""
        # Not by the function render_dashboard: that renders a page after each of the
        # simulated days, and the demo shows the last one only.
        target = self._plan.data / "dashboard.html"
        source = "this machine" if self._plan.token else "simulated movies"
        page.write(self._stack.tables, newest, source, target)
        is_open = page.open_if_seen(target)
        where = target.resolve().as_uri()
        opened = " (opened in your browser)" if is_open else ""
        self._console.print(f"\nThe dashboard: {where}{opened}", soft_wrap=True)


def _done(state: RunState, seconds: float) -> str:
    return (
        f"{state['run_id']}: {state['fetched']:,} of {state['expected']:,} "
        f"fetched, published after {seconds:.1f} s"
    )


def _next_day(tables: Tables) -> date:
    """Return the simulated day after the last that was run, or the first."""
    states = run_states.oldest_first(tables)
    daily = [state for state in states if state["mode"] == Mode.DAILY]
    if not daily:
        return FIRST_DAY
    last: date = daily[-1]["run_date"]
    return last + timedelta(days=1) if daily[-1]["is_published"] else last
