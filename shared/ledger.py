"""The ledger: the events of runs, stored as rows that are only ever appended.

State is never stored. One query, the body of the view v_run_status, computes it from
batch_plan, ingestion_log and movie_details_raw: the functions decide by the same rows
that people see.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from shared import clock, sql_files
from shared.errors import RowsRejectedError
from shared.interfaces import Parameter, Row, Tables
from shared.runs import (
    Batch,
    Event,
    ExportDay,
    MissedDay,
    Mode,
    OpenRun,
    Recorded,
    Run,
    RunStatus,
    StoredPlan,
)

_STATEMENTS = {
    name: sql_files.with_run_status(sql)
    for name, sql in sql_files.of_folder("ledger").items()
}

CONFIRMED_WITHIN_DAYS = 8
"""A movie that was not found twice within this time is deleted: a week, for
deployments with only a weekly run, and a day."""

OLDEST_OPEN_RUN_DAYS = 14
"""The sweep ignores older runs."""

LEDGER_DAYS = 180
"""How long ingestion_log keeps a row, by its schema file."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of one deployment; `code_version` is written into every row."""

    tables: Tables
    code_version: str

    def record(self, run: Recorded, events: Iterable[tuple[Event, Row]]) -> None:
        """Append events of a run; each is its kind and the columns it fills."""
        now = clock.now().isoformat()
        about_run = {
            "run_id": run.run_id,
            "run_date": run.run_date.isoformat(),
            "mode": str(run.mode),
            "code_version": self.code_version,
            "logged_at": now,
        }
        rows = [{**about_run, "event": kind.value, **row} for kind, row in events]
        ids = [
            f"{run.run_id}/{row['event']}/{row.get('batch_no')}/{number}/{now}"
            for number, row in enumerate(rows)
        ]
        if refusals := self.tables.append("ingestion_log", rows, ids):
            raise RowsRejectedError(
                f"ingestion_log refused an event: {refusals[0].reason}",
                field="ingestion_log",
                hint="compare the table with sql/schemas/ingestion_log.json",
            )

    def store_plan(self, run: Run, batches: Iterable[Batch]) -> bool:
        """Write a run's plan; False if another delivery has already planned it.

        The load job's id is the lock: BigQuery lets one job of an id succeed.
        """
        created_at = clock.now().isoformat()
        rows = (_plan_row(run, batch, created_at) for batch in batches)
        return self.tables.load_once("batch_plan", rows, f"plan_{run.run_id}")

    def stored_plan(self, run: Run) -> StoredPlan | None:
        """Return the plan of a run with its progress; None before it is planned."""
        rows = self._select("stored_plan", run_id=run.run_id, run_date=run.run_date)
        if not rows:
            return None
        return StoredPlan(
            batches=tuple(_batch(row) for row in rows),
            age_s=rows[0]["age_s"],
            is_published=rows[0]["is_published"],
            done=frozenset(row["batch_no"] for row in rows if row["is_done"]),
        )

    def batches_done(self, run: Run) -> dict[int, datetime]:
        """Return the batches whose BATCH_DONE is visible, each with its newest time."""
        rows = self._select("batches_done", run_id=run.run_id, run_date=run.run_date)
        return {row["batch_no"]: row["done_at"] for row in rows}

    def status(self, run: Run) -> RunStatus | None:
        """Return the state of a run; None before it is planned."""
        rows = self._select(
            "run_status",
            run_id=run.run_id,
            run_date=run.run_date,
        )
        return RunStatus.from_row(rows[0]) if rows else None

    def open_runs(self, day: date) -> list[OpenRun]:
        """Return the runs up to a day, and at most 14 days old, that have not ended."""
        rows = self._select(
            "open_runs",
            from_date=day - timedelta(days=OLDEST_OPEN_RUN_DAYS),
            to_date=day,
        )
        return [OpenRun.from_row(row) for row in rows]

    def missed_day(self, day: date, details_per_day: int) -> MissedDay:
        """Return what decides whether a day still needs a daily run.

        details_per_day: this many movies, or all tracked ones, make a run of a day.
        """
        rows = self._select(
            "missed_day",
            run_id=Run(Mode.DAILY, day).run_id,
            export_run_id=Run(Mode.HISTORY, day, day).run_id,
            run_date=day,
            details_per_day=details_per_day,
        )
        return MissedDay(**rows[0])

    def export_days(self, first: date, last: date) -> list[ExportDay]:
        """Return the days of a range whose export was loaded or requested."""
        rows = self._select("export_days", from_date=first, to_date=last)
        return [ExportDay(**row) for row in rows]

    def landed(self, run: Run, batch_no: int) -> frozenset[int]:
        """Return the movies of a batch whose rows are visible."""
        rows = self._select(
            "landed", run_id=run.run_id, run_date=run.run_date, batch_no=batch_no
        )
        return frozenset(row["movie_id"] for row in rows)

    def not_found_before(self, run: Run) -> frozenset[int]:
        """Return the movies that TMDB has not had since an earlier day.

        One 404 does not prove that a movie was deleted; another on a later day does.
        """
        rows = self._select(
            "not_found_before",
            from_date=run.run_date - timedelta(days=CONFIRMED_WITHIN_DAYS),
            to_date=run.run_date - timedelta(days=1),
        )
        return frozenset(row["movie_id"] for row in rows)

    def last_complete_run(self, run_date: date, details_per_day: int) -> date | None:
        """Return the day of the last complete daily or initial run before a day.

        Of the initial runs only those that fetched as many movies as are tracked, or
        as a run fetches at most. Reads markers, not landed rows, which may expire
        during a long outage.
        """
        rows = self._select(
            "last_complete_run",
            from_date=run_date - timedelta(days=LEDGER_DAYS),
            to_date=run_date - timedelta(days=1),
            details_per_day=details_per_day,
        )
        day: date | None = rows[0]["run_date"]
        return day

    def metrics_range(self, run: Run) -> tuple[date, date]:
        """Return the first and last day that a run computes.

        A history run excludes its own day until that day is published: it only has
        popularity, and the day's votes may still come.
        """
        if run.mode is not Mode.HISTORY:
            return run.run_date, run.run_date
        [row] = self._select("history_range", run_id=run.run_id, run_date=run.run_date)
        first: date = row["first"] or run.run_date
        day_before = run.run_date - timedelta(days=1)
        return first, run.run_date if row["is_published"] else max(first, day_before)

    def _select(self, name: str, **parameters: Parameter) -> list[dict[str, Any]]:
        """Return the rows of a statement of sql/ledger."""
        return self.tables.select(_STATEMENTS[name], **parameters)


def _plan_row(run: Run, batch: Batch, created_at: str) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "run_date": run.run_date.isoformat(),
        "mode": run.mode.value,
        "batch_no": batch.batch_no,
        "batch_count": batch.batch_count,
        "movie_ids": list(batch.movie_ids),
        "export_date": batch.export_date and batch.export_date.isoformat(),
        "created_at": created_at,
    }


def _batch(row: Mapping[str, Any]) -> Batch:
    ids, day = tuple(row["movie_ids"]), row["export_date"]
    return Batch(row["batch_no"], row["batch_count"], ids, day)
