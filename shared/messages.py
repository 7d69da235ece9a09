"""The messages of the pipeline: convert JSON to dataclasses and back.

`from_json` takes any value that json.loads may return, and the newest valid day. For a
wrong body it raises BadMessageError, which names the field and what to write instead.
Unknown fields are errors: with a misspelt "limt", the default must not apply silently.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from shared.message_fields import (
    Json,
    bad_field,
    is_int,
    read_day,
    read_fields,
    read_place,
    read_run,
)
from shared.runs import Batch, Mode, Run

INGEST_REQUESTS = "ingest-requests"
MOVIE_BATCHES = "movie-batches"
METRICS_REQUESTS = "metrics-requests"
DASHBOARD_REQUESTS = "dashboard-requests"
DEAD_LETTERS = "dead-letters"

LARGEST_LIMIT = 200_000
"""Maximum number of tracked movies: at 30 requests a second their details take 1.9 of
the 3 hours that a run has."""

MOST_IDS_PER_BATCH = 500

_FIELDS: Mapping[Mode, frozenset[str]] = {
    Mode.INITIAL: frozenset({"run_date", "limit"}),
    Mode.DAILY: frozenset({"run_date", "limit"}),
    Mode.WEEKLY: frozenset({"run_date"}),
    Mode.HISTORY: frozenset({"run_date"}),
    Mode.HISTORY_DAY: frozenset({"run_date", "date", "batch_no", "batch_count"}),
    Mode.SWEEP: frozenset({"run_date"}),
}
"""Mode -> the other fields of its requests; only "date" of history_day is required."""

_ALL_FIELDS = ("run_date", "limit", "date", "batch_no", "batch_count")


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """A request of the scheduler or a person, or one day of a history.

    run_date: UTC day of the run; None means the day the event was published.
    limit: how many of the most popular movies to track (initial, daily).
    export_date: "date" of the body, the export day to load (history_day).
    batch: place of that day in its history run's plan; None for a day of its own.
    """

    mode: Mode
    run_date: date | None = None
    limit: int | None = None
    export_date: date | None = None
    batch: Batch | None = None

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic ingest-requests."""
        fields = read_fields(body, "mode", *_ALL_FIELDS)
        if fields.get("mode") not in tuple(Mode):
            modes = ", ".join(f'"{mode}"' for mode in Mode)
            raise bad_field("mode", fields.get("mode"), f"write one of {modes}")
        mode = Mode(fields["mode"])
        _refuse_fields_of_other_modes(fields, mode)
        run_date = read_day(fields, "run_date", today) if "run_date" in fields else None
        if mode is not Mode.HISTORY_DAY:
            return cls(mode, run_date, _limit(fields))
        export_date = read_day(fields, "date", run_date or today)
        if "batch_no" not in fields and "batch_count" not in fields:
            return cls(mode, run_date, export_date=export_date)
        if run_date is None:
            raise bad_field("run_date", None, "say of which run the batch is")
        batch_no, batch_count = read_place(fields)
        batch = Batch(batch_no, batch_count, export_date=export_date)
        return cls(mode, run_date, export_date=export_date, batch=batch)

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish; absent fields left out."""
        body: dict[str, Any] = {"mode": self.mode.value}
        if self.run_date:
            body["run_date"] = self.run_date.isoformat()
        if self.limit:
            body["limit"] = self.limit
        if self.export_date:
            body["date"] = self.export_date.isoformat()
        if self.batch:
            body |= {
                "batch_no": self.batch.batch_no,
                "batch_count": self.batch.batch_count,
            }
        return body


@dataclass(frozen=True, slots=True)
class MovieBatch:
    """The ids that one delivery fetches; `batch_no` counts from 1."""

    run_id: str
    run_date: date
    batch_no: int
    batch_count: int
    movie_ids: tuple[int, ...]

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic movie-batches."""
        fields = read_fields(
            body, "run_id", "run_date", "batch_no", "batch_count", "movie_ids"
        )
        run_id, run_date = read_run(fields, today)
        batch_no, batch_count = read_place(fields)
        ids = fields.get("movie_ids")
        hint = f"give 1 to {MOST_IDS_PER_BATCH} positive integers"
        if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS_PER_BATCH:
            raise bad_field("movie_ids", ids, hint)
        for movie_id in ids:
            if not is_int(movie_id) or movie_id < 1:
                raise bad_field("movie_ids", movie_id, hint)
        # A repeated id is one movie and must be counted once.
        unique = tuple(dict.fromkeys(ids))
        return cls(run_id, run_date, batch_no, batch_count, unique)

    @classmethod
    def of(cls, run: Run, batch: Batch) -> Self:
        """Make the message of one planned batch."""
        return cls(
            run.run_id, run.run_date, batch.batch_no, batch.batch_count, batch.movie_ids
        )

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        return {
            "run_id": self.run_id,
            "run_date": self.run_date.isoformat(),
            "batch_no": self.batch_no,
            "batch_count": self.batch_count,
            "movie_ids": list(self.movie_ids),
        }


@dataclass(frozen=True, slots=True)
class MetricsRequest:
    """A complete run to publish (run_id, run_date), or a range of days to recompute."""

    run_id: str | None
    from_date: date
    to_date: date

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic metrics-requests."""
        fields = read_fields(body, "run_id", "run_date", "from", "to")
        by_run = {"run_id", "run_date"} & fields.keys()
        by_range = {"from", "to"} & fields.keys()
        if by_run and by_range:
            raise bad_field(
                "from", fields.get("from"), "give run_id and run_date, or from and to"
            )
        if by_run:
            run_id, run_date = read_run(fields, today)
            return cls(run_id, run_date, run_date)
        from_date = read_day(fields, "from", today)
        to_date = read_day(fields, "to", today)
        if to_date < from_date:
            raise bad_field("to", fields["to"], f"write {from_date} or a later day")
        return cls(None, from_date, to_date)

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        if self.run_id:
            return {"run_id": self.run_id, "run_date": self.to_date.isoformat()}
        return {"from": self.from_date.isoformat(), "to": self.to_date.isoformat()}


@dataclass(frozen=True, slots=True)
class ViewsRequest:
    """Make the views and thresholds without computing a day: `{"views": true}`."""

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Check a body of topic metrics-requests that names no days."""
        if (views := read_fields(body, "views").get("views")) is not True:
            raise bad_field("views", views, "write true")
        return cls()

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        return {"views": True}


@dataclass(frozen=True, slots=True)
class DashboardRequest:
    """Render the page again because a day was computed; a recomputation has no run.

    The page always shows the newest published day, whichever day is requested.
    """

    snapshot_date: date

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic dashboard-requests."""
        fields = read_fields(body, "snapshot_date")
        return cls(read_day(fields, "snapshot_date", today))

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        return {"snapshot_date": self.snapshot_date.isoformat()}


def metrics_request(body: object, today: date) -> MetricsRequest | ViewsRequest:
    """Check a body of topic metrics-requests, of either kind."""
    if isinstance(body, dict) and "views" in body:
        return ViewsRequest.from_json(body)
    return MetricsRequest.from_json(body, today)


def _refuse_fields_of_other_modes(fields: Json, mode: Mode) -> None:
    own = _FIELDS[mode]
    for name in _ALL_FIELDS:
        if name in fields and name not in own:
            others = " or ".join(m for m in Mode if name in _FIELDS[m])
            hint = f"leave it out of mode {mode}; it belongs to {others}"
            raise bad_field(name, fields[name], hint)


def _limit(fields: Json) -> int | None:
    limit = fields.get("limit")
    if limit is None:
        return None
    if not is_int(limit) or not 1 <= limit <= LARGEST_LIMIT:
        raise bad_field("limit", limit, f"write an integer from 1 to {LARGEST_LIMIT}")
    return int(limit)
