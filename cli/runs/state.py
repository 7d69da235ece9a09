"""Say in words how a run stands, what to do about it, and the exit code for it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.errors import Exit
from local.run_states import RunState
from shared.runs import ENDED, WELL_ENDED, Mode


@dataclass(frozen=True, slots=True)
class State:
    """One run; `row` is its row of v_run_status."""

    row: RunState

    @property
    def run_id(self) -> str:
        """Its id."""
        return str(self.row["run_id"])

    @property
    def name(self) -> str:
        """Its state, as v_run_status calls it."""
        return str(self.row["state"])

    @property
    def has_ended(self) -> bool:
        """Whether the run is in a final state."""
        return self.name in ENDED

    @property
    def fetched(self) -> int:
        """Movies fetched so far, also of batches in progress, by their rows."""
        seen = max(int(self.row["fetched"]), int(self.row["rows_visible"] or 0))
        return min(seen, int(self.row["expected"]))

    @property
    def settled(self) -> int:
        """Movies that are fetched, not found or failed."""
        gone = int(self.row["not_found"] + self.row["failed"])
        return min(self.fetched + gone, int(self.row["expected"]))

    @property
    def seconds(self) -> float:
        """From the plan to the end, or to the newest event."""
        return float(self.row["seconds"] or 0)

    def age_s(self, now: datetime) -> float:
        """How long ago it was planned; 0 if clocks disagree."""
        began: datetime = self.row["started_at"]
        return max(0.0, (now - began).total_seconds())

    @property
    def noun(self) -> str:
        """What it counts; a history counts movie-days."""
        return "movie-days" if self.row["mode"] == Mode.HISTORY else "movies"

    def in_words(self) -> str:
        """Return its state in one sentence."""
        row = self.row
        of = f"{self.fetched:,} of {row['expected']:,} {self.noun}"
        done, total = row["batches_done"], row["batches_total"]
        if self.name == "FAILED":
            return (
                f"failed: a check found what must not be published ({of})"
                if row["is_check_failed"]
                else f"failed: its time is up with {of}"
            )
        words = {
            "DONE": f"done, {of} in {self.seconds:,.0f} s; it publishes no day",
            "PUBLISHED": f"published, {of} in {self.seconds:,.0f} s",
            "PARTIAL": f"partial, {of} ({row['coverage'] or 0:.1%})",
            "METRICS": f"computing metrics, {of}",
            "COMPLETE": f"complete, {of}; its metrics are requested next",
            "FETCHING": f"fetching, {of}, {done:,} of {total:,} batches",
        }
        planned = f"planned, {row['expected']:,} {self.noun} in {total:,} batches"
        return words.get(self.name, planned)

    def hint(self) -> str:
        """Return what to do; "" if nothing."""
        day = self.row["run_date"]
        match self.name:
            case "FAILED" if self.row["is_check_failed"]:
                return f"tmdb-traction validate --from {day}"
            case "PARTIAL" | "FAILED":
                return (
                    "tmdb-traction dead-letters; late batches still count, and missing "
                    f"popularity: tmdb-traction backfill --from {day}"
                )
            case _:
                return ""

    def details(self) -> list[tuple[str, str]]:
        """Return the details of one run, by name."""
        row = self.row
        requests = f"{row['tmdb_requests']:,}, {row['tmdb_throttled']:,} answered 429"
        lines = [
            ("started", _moment(row["started_at"])),
            ("last event", _moment(row["last_seen_at"])),
            ("batches", f"{row['batches_done']:,} of {row['batches_total']:,}"),
            ("not found", f"{row['not_found']:,}"),
            ("failed", f"{row['failed']:,}"),
            ("TMDB requests", requests),
            ("republished", f"{row['republished']:,} times"),
            ("version", row["code_version"] or "-"),
        ]
        return lines if row["mode"] != Mode.HISTORY else lines[:5] + lines[6:]

    def to_json(self) -> dict[str, Any]:
        """Return the row, times as text."""
        return {
            name: value if isinstance(value, int | float | None) else str(value)
            for name, value in self.row.items()
        }


def states_of(rows: Iterable[RunState]) -> list[State]:
    """Wrap rows of v_run_status."""
    return [State(row) for row in rows]


def code_of(states: Iterable[State]) -> Exit:
    """Return the exit code of runs: a failed one outweighs one in progress."""
    states = list(states)
    if any(state.has_ended and state.name not in WELL_ENDED for state in states):
        return Exit.FAILED
    return Exit.DONE if all(state.has_ended for state in states) else Exit.IN_PROGRESS


def newest_of_each_mode(states: Iterable[State]) -> list[State]:
    """Return the newest run of each mode; the runs come newest first."""
    by_mode: dict[str, State] = {}
    for state in states:
        by_mode.setdefault(str(state.row["mode"]), state)
    return list(by_mode.values())


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if value else "-"
