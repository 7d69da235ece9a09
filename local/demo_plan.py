"""Decide what the demo runs, from its arguments: movies, days, folder, options."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from functions.compute_metrics.attention import BACKFILL_DAYS
from local.run_progress import QUIET_S
from local.run_states import RunState
from local.stack import Options
from shared.days import days_of
from shared.runs import Mode

FIRST_DAY = date(2026, 6, 1)
"""The first simulated day."""

SIMULATED_MOVIES = 3_000
HISTORY_DAYS, REAL_HISTORY_DAYS = 90, 14
RUN_TIMEOUT_S, REAL_RUN_TIMEOUT_S = 300.0, 1_800.0
RUN_DEADLINE_S = 365 * 86_400.0


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

    @property
    def run_timeout_s(self) -> float:
        """How long a run may take; TMDB's own pace is slower than the simulator's."""
        return REAL_RUN_TIMEOUT_S if self.token else RUN_TIMEOUT_S

    @property
    def options(self) -> Options:
        """The options of the stack."""
        settings = {
            "TRACKED_MOVIES": str(self.movies),
            "HISTORY_DAYS": str(self.history_days),
            # A demo that was interrupted during a run may continue days later.
            "RUN_STALLED_S": str(QUIET_S),
            "RUN_DEADLINE_S": str(RUN_DEADLINE_S),
        }
        simulator = (
            f"--seed={self.seed}",
            f"--movies={SIMULATED_MOVIES}",
            f"--today={FIRST_DAY}",
        )
        is_googles = os.environ.get("PUBSUB_EMULATOR") == "google"
        return Options(
            settings,
            None if self.token else simulator,
            self.token,
            google_pubsub=is_googles,
            wikipedia=not self.token,
        )


def plan_of(arguments: argparse.Namespace, token: str) -> Plan:
    """Make the plan of a command line; the real TMDB's data has its own folder."""
    usual_history = REAL_HISTORY_DAYS if token else HISTORY_DAYS
    return Plan(
        movies=arguments.movies,
        history_days=arguments.history or usual_history,
        days=arguments.days,
        seed=arguments.seed,
        data=arguments.data / ("tmdb" if token else "simulated"),
        token=token,
    )


def next_day(states: Sequence[RunState]) -> date:
    """Return the simulated day after the last that was run, or the first."""
    daily = [state for state in states if state["mode"] == Mode.DAILY]
    if not daily:
        return FIRST_DAY
    last: date = daily[-1]["run_date"]
    return last + timedelta(days=1) if daily[-1]["is_published"] else last


def days_to_run(first: date, count: int, today: date) -> list[date]:
    """Return `count` days from the first; no run may be of a day after today."""
    last = min(first + timedelta(days=count - 1), today)
    return days_of(first, last)


def days_to_read(days: list[date]) -> list[date]:
    """Return the days whose page views the runs of these days read.

    Before the first day of all, as many as a deployment reads back; later ones continue
    where the demo before has ended.
    """
    back = BACKFILL_DAYS if days[0] == FIRST_DAY else 1
    return days_of(days[0] - timedelta(days=back), days[-1] - timedelta(days=1))


def simulator_of(day: date, *, is_export_late: bool) -> dict[str, object]:
    """Return the simulator's settings for a day.

    If the export comes after the day's run, the run takes popularity from the details,
    and one movie in five has yesterday's, as if TMDB had cached it.
    """
    late = {"missing_exports": [str(day)], "stale_popularity_share": 0.2}
    return {"today": str(day), "faults": late if is_export_late else {}}
