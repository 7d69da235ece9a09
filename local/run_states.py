"""Read the state of runs, as v_run_status computes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared.interfaces import Tables
from shared.ledger import RUN_STATUS
from shared.runs import ENDED, Run

type RunState = Mapping[str, Any]
"""A row of v_run_status: column -> value."""

NEWEST = f"""
SELECT * FROM ({RUN_STATUS})
WHERE run_date <= CURRENT_DATE('UTC')
ORDER BY run_date DESC, started_at DESC, run_id DESC
"""
OLDEST_FIRST = f"""
SELECT * FROM ({RUN_STATUS})
ORDER BY run_date, started_at, run_id
"""
OPEN = f"""
SELECT * FROM ({RUN_STATUS})
WHERE state NOT IN {ENDED}
ORDER BY run_date, started_at, run_id
"""
OF_IDS = f"""
SELECT * FROM ({RUN_STATUS})
WHERE run_id IN UNNEST(SPLIT(@run_ids, ','))
  AND run_date BETWEEN @from_date AND @to_date
"""


def newest(tables: Tables, count: int) -> list[RunState]:
    """Return the newest runs up to today, the newest first."""
    return [*tables.select(f"{NEWEST}LIMIT {count:d}")]


def oldest_first(tables: Tables) -> list[RunState]:
    """Return every run, also of simulated days to come."""
    return [*tables.select(OLDEST_FIRST)]


def still_open(tables: Tables) -> list[RunState]:
    """Return the runs that have not ended, the oldest first."""
    return [*tables.select(OPEN)]


def of_ids(tables: Tables, run_ids: Sequence[str]) -> list[RunState]:
    """Return the runs of these ids that are planned, in the order of the ids."""
    days = [Run.from_id(run_id).run_date for run_id in run_ids]
    rows = tables.select(
        OF_IDS, run_ids=",".join(run_ids), from_date=min(days), to_date=max(days)
    )
    by_id = {row["run_id"]: row for row in rows}
    return [by_id[run_id] for run_id in run_ids if run_id in by_id]


def of_id(tables: Tables, run_id: str) -> RunState | None:
    """Return one run; None before it is planned."""
    return next(iter(of_ids(tables, [run_id])), None)
