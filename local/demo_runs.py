"""What the demo runs: the stack, an initial load, daily runs, the charts and the page.

It imports Google's libraries, which takes seconds: demo.py first shows its progress.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from google.api_core.exceptions import GoogleAPICallError
from rich.console import Console
from rich.text import Text

from emulators.bigquery import BigQueryEmulatorError
from emulators.processes import StartError
from emulators.pubsub import GoogleEmulatorError
from functions.render_dashboard import wording
from local import page, run_states
from local.credentials import EMPTY_TOKEN, TokenError, is_empty, tmdb_token
from local.demo_display import (
    done_in_words,
    show_charts,
    show_first_movies,
    show_next_steps,
    show_runs,
)
from local.demo_plan import (
    FIRST_DAY,
    Plan,
    days_to_read,
    days_to_run,
    next_day,
    plan_of,
    simulator_of,
)
from local.progress import Steps
from local.run_progress import FunctionLogs, Progress, RunStuckError, published
from local.stack import Stack
from shared.messages import IngestRequest
from shared.runs import Mode, Run

REACHED_TODAY = (
    "The simulated days have reached today, and no run may be of a later day: "
    "`make demo-clean` begins again."
)
FAILURES = (
    BigQueryEmulatorError,
    GoogleAPICallError,
    GoogleEmulatorError,
    OSError,
    RunStuckError,
    StartError,
)
"""Errors that end a demo."""


def run(arguments: argparse.Namespace, steps: Steps, console: Console) -> bool:
    """Run the demo that the arguments and TMDB_TOKEN choose; False if it failed."""
    began = time.monotonic()
    try:
        token = tmdb_token()
    except TokenError as error:
        steps.close()
        console.print(f"failed: {error}", soft_wrap=True)
        return False
    if is_empty():
        console.print(EMPTY_TOKEN)
    plan = plan_of(arguments, token)
    try:
        with Stack(plan.data, plan.options) as stack:
            steps.done(f"up in {time.monotonic() - began:.0f} s")
            demo = _Demo(stack, plan, steps, console)
            days = demo.run_today() if token else demo.run_days()
            demo.show(days)
            steps.say("ending the emulators and the functions")
    except FAILURES as error:
        steps.close()
        console.print(Text.assemble(("failed:", "red"), f" {error}"), soft_wrap=True)
        console.print(f"logs: {plan.data / 'logs'}", soft_wrap=True)
        return False
    steps.close()
    if not token and len(days) < plan.days:
        console.print(REACHED_TODAY, soft_wrap=True)
    seconds = time.monotonic() - began
    show_next_steps(console, plan.data, seconds, is_real=bool(token))
    return True


class _Demo:
    """The runs of one demo on a stack that is up."""

    def __init__(
        self, stack: Stack, plan: Plan, steps: Steps, console: Console
    ) -> None:
        self._stack = stack
        self._plan = plan
        self._steps = steps
        self._console = console
        self._logs = FunctionLogs(stack.logs)
        self._are_shown = False
        self._ended: dict[str, float] = {}
        """Published runs that are not shown yet: the seconds they took."""

    def run_days(self) -> list[date]:
        """Load what is missing, then run simulated days; return those days."""
        states = run_states.oldest_first(self._stack.tables)
        first = next_day(states)
        days = days_to_run(first, self._plan.days, datetime.now(UTC).date())
        left = {state["mode"] for state in states if not state["is_published"]}
        if left:
            # A daily run that continues reads TMDB before its day is steered below.
            is_late = Mode.DAILY in left and days[-1:] == [first]
            self._continue_runs(first, is_export_late=is_late)
        if first == FIRST_DAY:
            self._load(first)
        if days and self._stack.wikipedia:
            self._stack.wikipedia.publish(self._stack.client, days_to_read(days))
        for day in days:
            is_late = day == days[-1]
            self._stack.steer_simulator(simulator_of(day, is_export_late=is_late))
            self._run_daily(day)
        if days:
            self._load_late_export(days[-1])
        return days

    def run_today(self) -> list[date]:
        """Load what is missing, then run today with the real TMDB; return today."""
        today = datetime.now(UTC).date()
        if not run_states.oldest_first(self._stack.tables):
            self._load(today)
        self._run_daily(today)
        return [today]

    def show(self, days: list[date]) -> None:
        """Print the tables and write the page, of the newest day."""
        self._show_ended()
        client, console = self._stack.client, self._console
        self._steps.say("drawing the charts and the page")
        show_runs(console, run_states.oldest_first(self._stack.tables))
        show_charts(console, client)
        newest = days[-1] if days else datetime.now(UTC).date()
        self._write_page(newest)

    def _run_daily(self, day: date) -> None:
        runs = [Run(Mode.DAILY, day)]
        self._run(runs, lambda: self._stack.tick(IngestRequest(Mode.DAILY, day)))

    def _continue_runs(self, day: date, *, is_export_late: bool) -> None:
        """Continue runs that were interrupted: their Pub/Sub messages are lost.

        The sweep republishes the missing batches. The request for an initial load's
        history may be lost too; to publish it twice is harmless.
        """
        self._stack.steer_simulator(simulator_of(day, is_export_late=is_export_late))
        self._stack.tick(IngestRequest(Mode.SWEEP, day))
        if day == FIRST_DAY:
            self._stack.tick(IngestRequest(Mode.HISTORY, day))

    def _wait(self, seconds: float, day: date) -> None:
        """Wait for an event; if there is none, sweep as Cloud Scheduler would."""
        if not self._logs.wait(seconds):
            self._stack.tick(IngestRequest(Mode.SWEEP, day))

    def _load_late_export(self, day: date) -> None:
        """Load the export of a day that was published without it, as the sweep does.

        The day is computed and published again: its earlier lists stay as a vintage,
        and the page shows what changed.
        """
        self._stack.steer_simulator(simulator_of(day, is_export_late=False))
        late = IngestRequest(Mode.HISTORY_DAY, day, export_date=day)
        runs = [Run(Mode.HISTORY, day, day)]
        self._run(runs, lambda: self._stack.tick(late))
        self._show_ended()
        self._steps.print_done(
            f"{day} published again: TMDB's export came after the day's run"
        )

    def _load(self, day: date) -> None:
        runs = [Run(Mode.INITIAL, day), Run(Mode.HISTORY, day)]
        self._run(runs, lambda: self._call_for_load(day))

    def _call_for_load(self, day: date) -> None:
        """Start the load as `gcloud functions call ingest_changes --data ...` would."""
        body = {"mode": "initial", "limit": self._plan.movies, "run_date": str(day)}
        status, answer = self._stack.call("ingest_changes", body)
        if status != 200:  # noqa: PLR2004 - HTTP's OK
            raise RunStuckError(f"ingest_changes answered {status}: {answer}")

    def _run(self, runs: list[Run], start: Callable[[], None]) -> None:
        """Start runs and wait until they are published; the next shows the last."""
        ids = [run.run_id for run in runs]
        steps, began = self._steps, time.monotonic()
        steps.clear()
        for run_id in ids:
            steps.add(run_id, "planning")
        start()
        self._show_ended()
        left = len(ids)
        for ended in published(
            self._stack.tables,
            ids,
            self._plan.run_timeout_s,
            self._report,
            lambda seconds: self._wait(seconds, runs[0].run_date),
        ):
            for run_id in ended:
                steps.remove(run_id)
                self._ended[run_id] = time.monotonic() - began
            left -= len(ended)
            if left:
                self._show_ended()

    def _show_ended(self) -> None:
        """Print the runs that were published since the last time."""
        if self._ended:
            for state in run_states.of_ids(self._stack.tables, [*self._ended]):
                self._steps.print_done(done_in_words(state, self._ended[state.run_id]))
            self._ended.clear()

    def _report(self, runs: Sequence[Progress]) -> None:
        """Move the bars; with the last movies of the first load, show some of them."""
        for progress in runs:
            total, done = progress["batches_total"], progress["batches_done"]
            if not total:
                continue
            is_fetched = done >= total
            doing = "computing metrics" if is_fetched else f"{done}/{total} batches"
            self._steps.move(progress["run_id"], done, total, doing)
            run = Run.from_id(progress["run_id"])
            if run.mode is Mode.INITIAL and is_fetched and not self._are_shown:
                show_first_movies(self._console, self._stack.client, run)
                self._are_shown = True

    def _write_page(self, newest: date) -> None:
        """Write the page of the newest day, one file that any browser opens."""
        # Not by the function render_dashboard: it would render a page after each
        # simulated day, and the demo shows the last one only.
        target = self._plan.data / "dashboard.html"
        source = "this machine" if self._plan.token else "simulated movies"
        written = page.write(self._stack.tables, newest, source, target)
        if revised := wording.of_revisions(written["revisions"]):
            text = f"\n{newest}: {revised[0].lower()}{revised[1:]}"
            self._console.print(text, soft_wrap=True)
        is_open = page.open_if_seen(target)
        where = target.resolve().as_uri()
        opened = " (opened in your browser)" if is_open else ""
        self._console.print(f"\nThe dashboard: {where}{opened}", soft_wrap=True)
