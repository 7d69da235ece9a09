"""The messages of the pipeline, from JSON to dataclass and back.

`from_json` takes whatever json.loads made of a body, and the newest day that a message
may name, and raises BadMessageError, which names the field and what to write instead.
Unknown fields are refused: a misspelt "limt" must not silently mean the default.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from textwrap import shorten
from typing import Any, Self

from shared.days import FIRST_EXPORT
from shared.errors import BadMessageError
from shared.runs import Batch, Mode, Run

INGEST_REQUESTS = "ingest-requests"
MOVIE_BATCHES = "movie-batches"
METRICS_REQUESTS = "metrics-requests"
DASHBOARD_REQUESTS = "dashboard-requests"
DEAD_LETTERS = "dead-letters"

LARGEST_LIMIT = 200_000
"""Most movies that a deployment may track. Four days of history at once, of 200,000
movies and the 100,000 next to them, take 750 MiB of the 1 GiB that ingest_changes has
(measured), besides what the function itself needs."""

MOST_IDS_PER_BATCH = 500

type Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """A tick of the scheduler, a person's call, or one day of a history fan-out.

    run_date: UTC day of the run; None means the day the event was published.
    limit: how many of the most popular movies to track (initial, daily).
    export_date: "date" of the body, the export day to load (history); without it
        as many days as a deployment wants.
    batch: place of that day in the fan-out's plan; None for a day asked for alone.
    """

    mode: Mode
    run_date: date | None = None
    limit: int | None = None
    export_date: date | None = None
    batch: Batch | None = None

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic ingest-requests."""
        fields = _fields(
            body, "mode", "run_date", "limit", "date", "batch_no", "batch_count"
        )
        if fields.get("mode") not in tuple(Mode):
            modes = ", ".join(f'"{mode}"' for mode in Mode)
            raise _bad("mode", fields.get("mode"), f"write one of {modes}")
        mode = Mode(fields["mode"])
        run_date = _date(fields, "run_date", today) if "run_date" in fields else None
        if mode is Mode.SWEEP and (field := fields.keys() - {"mode", "run_date"}):
            name = min(field)
            raise _bad(name, fields[name], "leave it out: a sweep looks at every run")
        export_date = _export_date(fields, mode, run_date or today)
        request = cls(mode, run_date, _limit(fields, mode), export_date)
        if "batch_no" not in fields and "batch_count" not in fields:
            return request
        if request.export_date is None or run_date is None:
            raise _bad("batch_no", fields.get("batch_no"), "give run_date and date too")
        batch_no, batch_count = _place(fields)
        batch = Batch(batch_no, batch_count, export_date=request.export_date)
        return cls(mode, run_date, None, request.export_date, batch)

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
    """Ids whose details one delivery fetches; `batch_no` counts from 1."""

    run_id: str
    run_date: date
    batch_no: int
    batch_count: int
    movie_ids: tuple[int, ...]

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic movie-batches."""
        fields = _fields(
            body, "run_id", "run_date", "batch_no", "batch_count", "movie_ids"
        )
        run_id, run_date = _run(fields, today)
        batch_no, batch_count = _place(fields)
        ids = fields.get("movie_ids")
        hint = f"give 1 to {MOST_IDS_PER_BATCH} positive integers"
        if not isinstance(ids, list) or not 0 < len(ids) <= MOST_IDS_PER_BATCH:
            raise _bad("movie_ids", ids, hint)
        for movie_id in ids:
            if not _is_int(movie_id) or movie_id < 1:
                raise _bad("movie_ids", movie_id, hint)
        # An id twice in a message is one movie: it must not be counted twice.
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
        fields = _fields(body, "run_id", "run_date", "from", "to")
        by_run = {"run_id", "run_date"} & fields.keys()
        by_range = {"from", "to"} & fields.keys()
        if by_run and by_range:
            raise _bad(
                "from", fields.get("from"), "give run_id and run_date, or from and to"
            )
        if by_run:
            run_id, run_date = _run(fields, today)
            return cls(run_id, run_date, run_date)
        from_date = _date(fields, "from", today)
        to_date = _date(fields, "to", today)
        if to_date < from_date:
            raise _bad("to", fields["to"], f"write {from_date} or a later day")
        return cls(None, from_date, to_date)

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        if self.run_id:
            return {"run_id": self.run_id, "run_date": self.to_date.isoformat()}
        return {"from": self.from_date.isoformat(), "to": self.to_date.isoformat()}


@dataclass(frozen=True, slots=True)
class ViewsRequest:
    """Make the views and thresholds, compute nothing: `{"views": true}`."""

    @classmethod
    def from_json(cls, body: object) -> Self:
        """Check a body of topic metrics-requests that names no days."""
        if (views := _fields(body, "views").get("views")) is not True:
            raise _bad("views", views, "write true")
        return cls()

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        return {"views": True}


@dataclass(frozen=True, slots=True)
class DashboardRequest:
    """Render the page anew, since a day was computed; a recomputation has no run.

    Whatever the day, the page is of the newest published one.
    """

    snapshot_date: date

    @classmethod
    def from_json(cls, body: object, today: date) -> Self:
        """Check a body of topic dashboard-requests."""
        fields = _fields(body, "snapshot_date")
        return cls(_date(fields, "snapshot_date", today))

    def to_json(self) -> dict[str, Any]:
        """Return the body to publish."""
        return {"snapshot_date": self.snapshot_date.isoformat()}


def metrics_request(body: object, today: date) -> MetricsRequest | ViewsRequest:
    """Check a body of topic metrics-requests, of either kind."""
    if isinstance(body, dict) and "views" in body:
        return ViewsRequest.from_json(body)
    return MetricsRequest.from_json(body, today)


def _bad(field: str, value: object, hint: str) -> BadMessageError:
    shown = shorten(repr(value), width=60, placeholder="...")
    reason = f"{field} is missing" if value is None else f"{field} is {shown}"
    return BadMessageError(reason, field=field, hint=hint)


def _fields(body: object, *known: str) -> Json:
    if not isinstance(body, dict):
        raise BadMessageError(
            f"the body is a JSON {type(body).__name__}, not an object",
            field="body",
            hint='write an object, such as {"mode": "daily"}',
        )
    # An explicit null says the same as leaving the field out.
    fields = {name: value for name, value in body.items() if value is not None}
    for name in fields:
        if name not in known:
            raise BadMessageError(
                f"{name[:60]!r} is not a field of this message",
                field=name[:60] or '""',
                hint=f"leave it out; known fields: {', '.join(known)}",
            )
    return fields


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _date(fields: Json, name: str, latest: date) -> date:
    value = fields.get(name)
    hint = f"write a day as YYYY-MM-DD, from {FIRST_EXPORT} to {latest}"
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise _bad(name, value, hint)
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise _bad(name, value, hint) from error
    if not FIRST_EXPORT <= day <= latest:
        raise _bad(name, value, hint)
    return day


def _limit(fields: Json, mode: Mode) -> int | None:
    if "limit" not in fields:
        return None
    limit = fields["limit"]
    if mode not in (Mode.INITIAL, Mode.DAILY):
        raise _bad("limit", limit, f"leave it out: mode {mode} chooses no movies")
    if not _is_int(limit) or not 1 <= limit <= LARGEST_LIMIT:
        raise _bad("limit", limit, f"write an integer from 1 to {LARGEST_LIMIT}")
    return int(limit)


def _export_date(fields: Json, mode: Mode, latest: date) -> date | None:
    if "date" not in fields:
        return None
    if mode is not Mode.HISTORY:
        raise _bad("date", fields["date"], "leave it out: only mode history reads one")
    return _date(fields, "date", latest)


def _run(fields: Json, today: date) -> tuple[str, date]:
    run_id, run_date = fields.get("run_id"), _date(fields, "run_date", today)
    hint = f"write <mode>-{run_date}, such as daily-{run_date}"
    if not isinstance(run_id, str):
        raise _bad("run_id", run_id, hint)
    try:
        run = Run.from_id(run_id)
    except ValueError as error:
        raise _bad("run_id", run_id, hint) from error
    is_possible = FIRST_EXPORT <= (run.export_date or run_date) <= run_date
    if run.run_date != run_date or not is_possible:
        raise _bad("run_id", run_id, hint)
    return run_id, run_date


def _place(fields: Json) -> tuple[int, int]:
    no, count = fields.get("batch_no"), fields.get("batch_count")
    if not _is_int(count) or not isinstance(count, int) or count < 1:
        raise _bad("batch_count", count, "write a positive integer")
    if not _is_int(no) or not isinstance(no, int) or not 1 <= no <= count:
        raise _bad("batch_no", no, f"write an integer from 1 to {count}")
    return no, count
