"""Data types of runs, their batches, and what the ledger knows of them. Pure.

A run is one mode on one UTC day; requesting it twice is the same run.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import batched
from typing import Any, Self

MOVIES_PER_BATCH = 50
"""Ids in one movie-batches message: about 14 s of work when 8 batches share 30/s."""


class Mode(StrEnum):
    """What a run does; a history_day is one day of a history, or a run of its own."""

    INITIAL = "initial"
    DAILY = "daily"
    WEEKLY = "weekly"
    HISTORY = "history"
    HISTORY_DAY = "history_day"
    SWEEP = "sweep"

    @property
    def publishes_days(self) -> bool:
        """Whether a run of this mode computes metrics and publishes days."""
        return self is not Mode.WEEKLY


class Event(StrEnum):
    """What the ledger records. Rows are appended and never changed."""

    RUN_REQUESTED = "RUN_REQUESTED"
    """By the sweep, for a day that Scheduler did not request."""
    NOTHING_TO_DO = "NOTHING_TO_DO"
    """The run ends without a plan: no movie to fetch."""
    RUN_PLANNED = "RUN_PLANNED"
    RUN_REPUBLISHED = "RUN_REPUBLISHED"
    RUN_CLOSED = "RUN_CLOSED"
    BATCH_DEFERRED = "BATCH_DEFERRED"
    """A delivery ended without a marker, and Pub/Sub redelivers the batch: no sweep
    need republish it."""
    BATCH_DONE = "BATCH_DONE"
    MOVIE_FAILED = "MOVIE_FAILED"
    MOVIE_NOT_FOUND = "MOVIE_NOT_FOUND"
    METRICS_REQUESTED = "METRICS_REQUESTED"
    METRICS_FAILED = "METRICS_FAILED"
    """Metrics were requested the maximum number of times without a result."""
    CHECK_FAILED = "CHECK_FAILED"
    COMPUTATION_FAILED = "COMPUTATION_FAILED"
    """One attempt that is redelivered; the ledger records what it was billed."""
    METRICS_DONE = "METRICS_DONE"
    BREAKOUT_ANNOUNCED = "BREAKOUT_ANNOUNCED"
    DAY_WITHHELD = "DAY_WITHHELD"
    DAY_PUBLISHED = "DAY_PUBLISHED"


WELL_ENDED = ("PUBLISHED", "DONE")
"""Final states of v_run_status of a run that succeeded."""

ENDED = (*WELL_ENDED, "PARTIAL", "FAILED")
"""Final states of v_run_status: the run does not continue without an operator."""

_RUNS = "|".join(sorted(set(Mode) - {Mode.HISTORY_DAY, Mode.SWEEP}))
RUN_ID = re.compile(
    rf"(?P<mode>{_RUNS})-(?P<run_date>\d{{4}}-\d{{2}}-\d{{2}})"
    r"(-\d{4}-\d{2}-\d{2})?"
)
"""`<mode>-<run_date>`; a single day of history adds that day."""


@dataclass(frozen=True, slots=True)
class Run:
    """One mode on one UTC day. `export_date` only for a single day of history."""

    mode: Mode
    run_date: date
    export_date: date | None = None

    @property
    def run_id(self) -> str:
        """The key of all rows of this run, and of the job that locks it."""
        day = f"-{self.export_date}" if self.export_date else ""
        return f"{self.mode}-{self.run_date}{day}"

    @classmethod
    def from_id(cls, run_id: str) -> Self:
        """Parse a run id; ValueError if it is not one."""
        if not (match := RUN_ID.fullmatch(run_id)):
            raise ValueError(f"{run_id!r} is not <mode>-<YYYY-MM-DD>")
        export_date = match[3] and date.fromisoformat(match[3][1:])
        day = date.fromisoformat(match["run_date"])
        return cls(Mode(match["mode"]), day, export_date or None)


@dataclass(frozen=True, slots=True)
class Recomputation:
    """Days computed on request, without a run; `run_date` is the request's day."""

    from_date: date
    to_date: date
    run_date: date
    mode: str = "metrics"

    @property
    def run_id(self) -> str:
        """The run_id of its events in the ledger."""
        return f"{self.mode}-{self.from_date}-{self.to_date}"


@dataclass(frozen=True, slots=True)
class OperatedDay:
    """A day that an operator withholds or publishes."""

    run_date: date
    mode: str = "day"

    @property
    def run_id(self) -> str:
        """The run_id of its events in the ledger."""
        return f"{self.mode}-{self.run_date}"


type Recorded = Run | Recomputation | OperatedDay
"""What the ledger has events of. Only a run has a plan, and so a state."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of batch_plan: movie ids to fetch, or one export day to load."""

    batch_no: int
    batch_count: int
    movie_ids: tuple[int, ...] = ()
    export_date: date | None = None


def cut_into_batches(movie_ids: Iterable[int]) -> list[Batch]:
    """Cut ids, in the order given, into batches numbered from 1."""
    chunks = list(batched(movie_ids, MOVIES_PER_BATCH, strict=False))
    return [Batch(no, len(chunks), ids) for no, ids in enumerate(chunks, start=1)]


def cut_into_days(days: Sequence[date]) -> list[Batch]:
    """Make one batch of each export day, numbered from 1."""
    return [
        Batch(no, len(days), export_date=day) for no, day in enumerate(days, start=1)
    ]


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan from batch_plan, with its events so far."""

    batches: tuple[Batch, ...]
    age_s: float
    is_published: bool
    """Whether RUN_PLANNED is visible: Pub/Sub has accepted every batch message."""
    done: frozenset[int]
    """Numbers of the batches with a visible BATCH_DONE."""

    def missing(self) -> Iterator[Batch]:
        """Yield the batches that are not done."""
        return (batch for batch in self.batches if batch.batch_no not in self.done)


@dataclass(frozen=True, slots=True)
class RunStatus:
    """A run's row of v_run_status; counts are movies unless named otherwise."""

    batches_total: int
    batches_done: int
    expected: int
    fetched: int
    not_found: int
    failed: int
    is_complete: bool
    coverage: float | None
    is_covered: bool
    is_metrics_requested: bool
    is_published: bool
    started_at: datetime
    ended_at: datetime | None
    """When its metrics were last published; None if never."""

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the fields we use from a row of v_run_status."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class OpenRun:
    """The row of v_run_status of a run that has not ended; ages in seconds."""

    run_id: str
    batches_total: int
    batches_done: int
    expected: int
    fetched: int
    is_complete: bool
    is_closed: bool
    is_due: bool
    """Its metrics can be computed: all batches are done."""
    is_metrics_requested: bool
    metrics_requests: int
    """Requests since its metrics became due."""
    republished: int
    age_s: float
    quiet_s: float
    requested_s_ago: float | None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the fields from a row."""
        return cls(**{name: row[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class MissedDay:
    """What decides whether a day still needs a daily run, or its export.

    is_planned: it has one, or an initial load of at least as many movies as are
        tracked.
    is_tracking: an initial load has happened at all.
    requested_at: when a sweep last requested the day's run; None if none did.
    is_without_export: it is published, its popularity comes from details, and no run
        has loaded the export that is due by now.
    """

    is_planned: bool
    is_tracking: bool
    requested_at: datetime | None
    is_without_export: bool


@dataclass(frozen=True, slots=True)
class ExportDay:
    """What is known of one export day.

    is_loaded: its popularity is stored. requests: history batches planned for it.
    """

    day: date
    is_loaded: bool
    requests: int
