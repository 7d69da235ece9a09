"""Watch: looks at runs in, a live bar for each out, until all have ended.

On a terminal bars; elsewhere, or with --json, a JSON line of every run that has
changed.
"""

import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self, override

from rich import progress as bars
from rich.console import Console
from rich.table import Column
from rich.text import Text

from cli.errors import Exit, leave
from cli.runs.state import State
from shared.runs import WELL_ENDED, Mode

MOST_BARS = 12
NARROW = 110
"""Columns; below, a run takes two lines."""

LOOKS_BACK_S = 20.0
"""The rate is that of the last seconds: what is slow now is said to be slow."""


@dataclass(slots=True)
class Pace:
    """What was done, seen from time to time; moments in seconds of any clock."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def see(self, moment: float, done: int) -> None:
        """Note how much is done."""
        self._seen.append((moment, done))
        while len(self._seen) > 2 and moment - self._seen[1][0] >= LOOKS_BACK_S:  # noqa: PLR2004 - a rate takes two
            self._seen.popleft()

    @property
    def is_new(self) -> bool:
        """Whether nothing has been seen yet."""
        return not self._seen

    @property
    def rate(self) -> float | None:
        """Done a second; None before anything can be said."""
        if not self._seen:
            return None
        (first, had), (last, has) = self._seen[0], self._seen[-1]
        return (has - had) / (last - first) if last > first else None

    def seconds_left(self, total: int) -> float | None:
        """How long the rest takes at this rate; None while it is unknown."""
        rate = self.rate
        if not rate:
            return None
        return max(0, total - self._seen[-1][1]) / rate


class Watch:
    """Bars of some runs; a context manager."""

    def __init__(
        self, console: Console, run_ids: Sequence[str], *, as_json: bool
    ) -> None:
        self._console = console
        self._run_ids = run_ids
        self._as_lines = as_json or not console.is_terminal
        self._bars = _bars(console, is_shown=not self._as_lines)
        self._tasks: dict[str, bars.TaskID] = {}
        self._paces = {run_id: Pace() for run_id in run_ids}
        self._told: dict[str, dict[str, object]] = {}

    def __enter__(self) -> Self:
        self._bars.start()
        for run_id in self._run_ids[:MOST_BARS]:
            self._tasks[run_id] = self._bars.add_task(
                run_id, total=None, about="not planned yet", left=Text()
            )
        if (more := len(self._run_ids) - MOST_BARS) > 0 and not self._as_lines:
            self._console.print(f"and {more} more runs, not shown")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
        if isinstance(error, KeyboardInterrupt):
            if not self._as_lines:
                self._console.print(
                    "stopped watching; the runs continue: tmdb-traction status"
                )
            leave(Exit.INTERRUPTED)

    def until_ended(
        self,
        look: Callable[[], list[State]],
        *,
        every_s: float,
        wait_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[State]:
        """Look until every run has ended, or some have not begun after `wait_s`."""
        began = time.monotonic()
        while True:
            found = look()
            for state in found:
                self._show(state, time.monotonic() - began)
            has_ended = all(state.has_ended for state in found)
            is_all = len(found) == len(self._run_ids)
            is_late = time.monotonic() - began >= wait_s
            if has_ended and (is_all or is_late):
                return found
            sleep(every_s)

    def _show(self, state: State, moment: float) -> None:
        pace = self._paces[state.run_id]
        if pace.is_new:
            # From its start: batches come in lumps, and we may be late to look.
            pace.see(moment - state.age_s(datetime.now(UTC)), 0)
        pace.see(moment, state.settled)
        if self._as_lines:
            self._tell(state, pace)
            return
        if (task := self._tasks.get(state.run_id)) is None:
            return
        self._bars.update(
            task,
            total=max(1, state.row["expected"]),
            completed=state.settled,
            about=about(state, pace),
            left=left(state, pace),
        )

    def _tell(self, state: State, pace: Pace) -> None:
        line = state.to_json()
        if self._told.get(state.run_id) == line:
            return
        self._told[state.run_id] = line
        rate, seconds = pace.rate, pace.seconds_left(state.row["expected"])
        more = {"movies_per_second": rate, "seconds_left": seconds}
        print(json.dumps(line | more), flush=True)


def about(state: State, pace: Pace) -> str:
    """Say what a bar cannot: counts, rate, refusals."""
    row = state.row
    parts = [
        f"{state.fetched:,}/{row['expected']:,}",
        f"{row['batches_done']:,}/{row['batches_total']:,} batches",
    ]
    if not state.has_ended and state.name in ("PLANNED", "FETCHING") and pace.rate:
        parts.append(f"{pace.rate:,.0f}/s")
    if row["mode"] != Mode.HISTORY:
        parts.append(f"{row['tmdb_throttled']:,} x 429")
    if gone := row["not_found"] + row["failed"]:
        parts.append(f"{gone:,} not found")
    return ", ".join(parts)


def left(state: State, pace: Pace) -> Text:
    """Say the state, or how long it still takes to fetch."""
    words = {"METRICS": "computing metrics", "COMPLETE": "computing metrics"}
    if state.has_ended:
        colour = "green" if state.name in WELL_ENDED else "red"
        ended = (state.name.lower(), colour)
        return Text.assemble(ended, f" in {state.seconds:.0f} s")
    seconds = pace.seconds_left(state.row["expected"])
    if state.name in words or not seconds:
        return Text(words.get(state.name, state.name.lower()))
    return Text(f"{seconds:.0f} s left")


class _Left(bars.ProgressColumn):
    """The state of a bar's run, in its colour."""

    @override
    def render(self, task: bars.Task) -> Text:
        shown: Text = task.fields["left"]
        return shown


def _bars(console: Console, *, is_shown: bool) -> bars.Progress:
    if console.width < NARROW:
        columns: list[bars.ProgressColumn] = [
            bars.TextColumn("{task.description}\n  {task.fields[about]}", markup=False),
            _bar(10),
            _Left(Column(no_wrap=True)),
        ]
    else:
        columns = [
            bars.SpinnerColumn("line", finished_text=" "),
            bars.TextColumn("{task.description}", markup=False),
            _bar(24),
            bars.TextColumn("{task.fields[about]}", markup=False),
            _Left(Column(no_wrap=True)),
        ]
    return bars.Progress(*columns, console=console, disable=not is_shown)


def _bar(width: int) -> bars.BarColumn:
    return bars.BarColumn(width, complete_style="cyan", finished_style="green")
