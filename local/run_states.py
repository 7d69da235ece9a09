"""Read the state of runs, as the view v_run_status computes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.interfaces import Parameter, Tables
from shared.runs import ENDED, Mode, Run
from shared.sql_files import with_run_status

NEWEST = """
SELECT * FROM tmdb_analytics.v_run_status
WHERE run_date <= CURRENT_DATE('UTC')
ORDER BY run_date DESC, started_at DESC, run_id DESC
"""
OLDEST_FIRST = """
SELECT * FROM tmdb_analytics.v_run_status
ORDER BY run_date, started_at, run_id
"""
OPEN = f"""
SELECT * FROM tmdb_analytics.v_run_status
WHERE state NOT IN {ENDED}
ORDER BY run_date, started_at, run_id
"""
OF_IDS = """
SELECT * FROM tmdb_analytics.v_run_status
WHERE run_id IN UNNEST(SPLIT(@run_ids, ','))
  AND run_date BETWEEN @from_date AND @to_date
"""


@dataclass(frozen=True, slots=True)
class RunState:
    """The state of one run: its row of v_run_status, and what follows from it."""

    row: Mapping[str, Any]

    def __getitem__(self, column: str) -> Any:  # noqa: ANN401 - of any type
        """Return the value of a column."""
        return self.row[column]

    @property
    def run_id(self) -> str:
        """Its id."""
        return str(self["run_id"])

    @property
    def name(self) -> str:
        """Its state, as v_run_status calls it."""
        return str(self["state"])

    @property
    def has_ended(self) -> bool:
        """Whether the run is in a final state."""
        return self.name in ENDED

    @property
    def fetched(self) -> int:
        """Movies fetched so far, also of batches in progress, by their rows."""
        seen = max(int(self["fetched"]), int(self["rows_visible"] or 0))
        return min(seen, int(self["expected"]))

    @property
    def settled(self) -> int:
        """Movies that are fetched, not found or failed."""
        gone = int(self["not_found"] + self["failed"])
        return min(self.fetched + gone, int(self["expected"]))

    @property
    def seconds(self) -> float:
        """From the plan to the end, or to the newest event."""
        return float(self["seconds"] or 0)

    def age_s(self, now: datetime) -> float:
        """How long ago it was planned; 0 if clocks disagree."""
        began: datetime = self["started_at"]
        return max(0.0, (now - began).total_seconds())

    @property
    def noun(self) -> str:
        """What it counts; a history counts movie-days."""
        return "movie-days" if self["mode"] == Mode.HISTORY else "movies"

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

    def to_json(self) -> dict[str, Any]:
        """Return the row, times as text."""
        return {
            name: value if isinstance(value, int | float | None) else str(value)
            for name, value in self.row.items()
        }


def newest(tables: Tables, count: int) -> list[RunState]:
    """Return the newest runs up to today, the newest first."""
    return _read(tables, f"{NEWEST}LIMIT {count:d}")


def oldest_first(tables: Tables) -> list[RunState]:
    """Return every run, also of simulated days to come."""
    return _read(tables, OLDEST_FIRST)


def still_open(tables: Tables) -> list[RunState]:
    """Return the runs that have not ended, the oldest first."""
    return _read(tables, OPEN)


def of_ids(tables: Tables, run_ids: Sequence[str]) -> list[RunState]:
    """Return the runs of these ids that are planned, in the order of the ids."""
    days = [Run.from_id(run_id).run_date for run_id in run_ids]
    ids = ",".join(run_ids)
    found = _read(tables, OF_IDS, run_ids=ids, from_date=min(days), to_date=max(days))
    by_id = {state.run_id: state for state in found}
    return [by_id[run_id] for run_id in run_ids if run_id in by_id]


def of_id(tables: Tables, run_id: str) -> RunState | None:
    """Return one run; None before it is planned."""
    return next(iter(of_ids(tables, [run_id])), None)


def _read(tables: Tables, sql: str, **parameters: Parameter) -> list[RunState]:
    rows = tables.select(with_run_status(sql), **parameters)
    return [RunState(row) for row in rows]
