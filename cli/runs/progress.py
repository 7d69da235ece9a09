"""Watch runs until they end: bars on a terminal, JSON lines elsewhere and with --json.

A JSON line is printed for every run that has changed.
"""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from cli.errors import Exit, leave
from local.progress import Bars, Pace, time_left
from local.run_states import RunState
from shared.runs import WELL_ENDED, Mode

MOST_BARS = 12
ONE_LINE_FROM = 110
"""Columns; on a narrower terminal a run takes two lines."""


class Watch:
    """Bars of some runs; a context manager."""

    def __init__(
        self, console: Console, run_ids: Sequence[str], *, as_json: bool
    ) -> None:
        self._console = console
        self._run_ids = run_ids
        self._as_lines = as_json or not console.is_terminal
        self.bars = Bars(
            console, is_shown=not self._as_lines, one_line_from=ONE_LINE_FROM
        )
        self._paces = {run_id: Pace() for run_id in run_ids}
        self._printed: dict[str, dict[str, object]] = {}

    def __enter__(self) -> Self:
        self.bars.__enter__()
        for run_id in self._run_ids[:MOST_BARS]:
            self.bars.add(run_id, "not planned yet", left=Text())
        if (more := len(self._run_ids) - MOST_BARS) > 0 and not self._as_lines:
            self._console.print(f"and {more} more runs, not shown")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bars.close()
        if isinstance(error, KeyboardInterrupt):
            if not self._as_lines:
                self._console.print(
                    "stopped watching; the runs continue: tmdb-traction status"
                )
            leave(Exit.INTERRUPTED)

    def until_ended(
        self,
        look: Callable[[], list[RunState]],
        *,
        every_s: float,
        wait_s: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[RunState]:
        """Read states until every run has ended, or has not begun within `wait_s`."""
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

    def _show(self, state: RunState, moment: float) -> None:
        pace = self._paces[state.run_id]
        if pace.is_new:
            # From its start: batches end in groups, and we may begin to watch late.
            pace.see(moment - state.age_s(datetime.now(UTC)), 0)
        pace.see(moment, state.settled)
        if self._as_lines:
            self._print_change(state, pace)
            return
        self.bars.move(
            state.run_id,
            state.settled,
            max(1, state["expected"]),
            about(state, pace),
            left(state, pace),
        )

    def _print_change(self, state: RunState, pace: Pace) -> None:
        line = state.to_json()
        if self._printed.get(state.run_id) == line:
            return
        self._printed[state.run_id] = line
        rate, seconds = pace.rate, pace.seconds_left(state["expected"])
        more = {"movies_per_second": rate, "seconds_left": seconds}
        print(json.dumps(line | more), flush=True)


def about(state: RunState, pace: Pace) -> str:
    """Return what a bar cannot show: counts, rate, 429s."""
    parts = [
        f"{state.fetched:,}/{state['expected']:,}",
        f"{state['batches_done']:,}/{state['batches_total']:,} batches",
    ]
    if not state.has_ended and state.name in ("PLANNED", "FETCHING") and pace.rate:
        parts.append(f"{pace.rate:,.0f}/s")
    if state["mode"] != Mode.HISTORY:
        parts.append(f"{state['tmdb_throttled']:,} x 429")
    if gone := state["not_found"] + state["failed"]:
        parts.append(f"{gone:,} not found")
    return ", ".join(parts)


def left(state: RunState, pace: Pace) -> Text:
    """Return the state, or how long fetching still takes."""
    words = {"METRICS": "computing metrics", "COMPLETE": "computing metrics"}
    if state.has_ended:
        colour = "green" if state.name in WELL_ENDED else "red"
        ended = (state.name.lower(), colour)
        return Text.assemble(ended, f" in {state.seconds:.0f} s")
    seconds = pace.seconds_left(state["expected"])
    if state.name in words or not seconds:
        return Text(words.get(state.name, state.name.lower()))
    return time_left(seconds)
