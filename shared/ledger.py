"""The ledger: what happened to runs, kept as rows that are only ever appended.

State is never stored. Whether a run is complete is computed from batch_plan,
ingestion_log and movie_details_raw by one query, the body of the view v_run_status:
people see what the functions decide by.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from shared import clock
from shared.errors import RowsRejectedError
from shared.interfaces import Row, Tables
from shared.runs import (
    ENDED,
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

_SQL = Path(__file__).parents[1] / "sql"


def _select_of(view: str) -> str:
    text = (_SQL / view).read_text()
    made = re.split(r"^CREATE OR REPLACE VIEW .* AS$", text, flags=re.MULTILINE)
    return made[1].strip("; \n")


RUN_STATUS = _select_of("views/v_run_status.sql").replace(
    "tmdb_analytics.metric_thresholds",
    f"(\n{_select_of('10_metric_thresholds.sql')}\n)",
)
"""The SELECT of v_run_status; runs are planned before anybody has made a view."""

CONFIRMED_WITHIN_DAYS = 8
"""A movie not found twice within so many days is gone: a week, where one run a week
is the only one, and a day of grace."""

OLDEST_OPEN_RUN_DAYS = 14
"""A run older than this is left as it is."""

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
                remedy="compare the table with sql/schemas/ingestion_log.json",
            )

    def store_plan(self, run: Run, batches: Iterable[Batch]) -> bool:
        """Write a run's plan; False when another delivery has planned it before.

        The load job's id is the lock: BigQuery lets one job of an id succeed.
        """
        created_at = clock.now().isoformat()
        rows = (_plan_row(run, batch, created_at) for batch in batches)
        return self.tables.load_once("batch_plan", rows, f"plan_{run.run_id}")

    def stored_plan(self, run: Run) -> StoredPlan | None:
        """Return the plan of a run with its progress; None before it is planned."""
        rows = self.tables.select(_PLAN, run_id=run.run_id, run_date=run.run_date)
        if not rows:
            return None
        return StoredPlan(
            batches=tuple(_batch(row) for row in rows),
            age_s=rows[0]["age_s"],
            is_published=rows[0]["is_published"],
            done=frozenset(row["batch_no"] for row in rows if row["is_done"]),
        )

    def is_done(self, run: Run, batch_no: int) -> bool:
        """Say whether a batch's BATCH_DONE is visible."""
        rows = self.tables.select(
            _IS_DONE, run_id=run.run_id, run_date=run.run_date, batch_no=batch_no
        )
        return bool(rows[0]["is_done"])

    def batches_done(self, run: Run) -> dict[int, datetime]:
        """Return the batches whose BATCH_DONE is visible, each with its newest time."""
        rows = self.tables.select(
            _BATCHES_DONE, run_id=run.run_id, run_date=run.run_date
        )
        return {row["batch_no"]: row["done_at"] for row in rows}

    def status(self, run: Run) -> RunStatus | None:
        """Return the state of a run; None before it is planned."""
        rows = self.tables.select(
            f"SELECT * FROM ({RUN_STATUS})\n"
            "WHERE run_id = @run_id AND run_date = @run_date",
            run_id=run.run_id,
            run_date=run.run_date,
        )
        return RunStatus.from_row(rows[0]) if rows else None

    def open_runs(self, day: date) -> list[OpenRun]:
        """Return the runs up to a day, and at most 14 days old, that have not ended."""
        rows = self.tables.select(
            _OPEN_RUNS,
            from_date=day - timedelta(days=OLDEST_OPEN_RUN_DAYS),
            to_date=day,
        )
        return [OpenRun.from_row(row) for row in rows]

    def missed_day(self, day: date) -> MissedDay:
        """Return what tells whether a day still needs a daily run."""
        rows = self.tables.select(
            _MISSED_DAY,
            run_id=Run(Mode.DAILY, day).run_id,
            export_run_id=Run(Mode.HISTORY, day, day).run_id,
            run_date=day,
        )
        return MissedDay(**rows[0])

    def export_days(self, first: date, last: date) -> list[ExportDay]:
        """Return the days of a range whose export was loaded or requested."""
        rows = self.tables.select(_EXPORT_DAYS, from_date=first, to_date=last)
        return [ExportDay(**row) for row in rows]

    def landed(self, run: Run, batch_no: int) -> frozenset[int]:
        """Return the movies of a batch whose rows are visible."""
        rows = self.tables.select(
            _LANDED, run_id=run.run_id, run_date=run.run_date, batch_no=batch_no
        )
        return frozenset(row["movie_id"] for row in rows)

    def not_found_before(self, run: Run) -> frozenset[int]:
        """Return the movies that TMDB had not on an earlier day, nor ever since.

        One 404 is no proof that a movie is gone; the same on a later day is.
        """
        rows = self.tables.select(
            _NOT_FOUND_BEFORE,
            from_date=run.run_date - timedelta(days=CONFIRMED_WITHIN_DAYS),
            to_date=run.run_date - timedelta(days=1),
        )
        return frozenset(row["movie_id"] for row in rows)

    def last_complete_run(self, run_date: date) -> date | None:
        """Return the day of the last complete daily or initial run before a day.

        Of the initial runs only those that fetched as many movies as are tracked.
        Asks for markers, not for landed rows: those expire sooner than a long outage.
        """
        rows = self.tables.select(
            _LAST_COMPLETE_RUN,
            from_date=run_date - timedelta(days=LEDGER_DAYS),
            to_date=run_date - timedelta(days=1),
        )
        day: date | None = rows[0]["run_date"]
        return day

    def metrics_range(self, run: Run) -> tuple[date, date]:
        """Return the days a run computes: first, last.

        A history run ends before its own day until that day is published: it has only
        popularity, and the day's votes may still be fetched.
        """
        if run.mode is not Mode.HISTORY:
            return run.run_date, run.run_date
        [row] = self.tables.select(
            _HISTORY_RANGE, run_id=run.run_id, run_date=run.run_date
        )
        first: date = row["first"] or run.run_date
        day_before = run.run_date - timedelta(days=1)
        return first, run.run_date if row["is_published"] else max(first, day_before)


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


_HISTORY_RANGE = """
SELECT
  (
    SELECT MIN(export_date) FROM tmdb_analytics.batch_plan
    WHERE run_id = @run_id AND run_date = @run_date
  ) AS first,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.catalogue_days
    WHERE snapshot_date = @run_date AND is_published
  ) AS is_published
"""

_PLAN = """
SELECT
  plan.batch_no,
  plan.batch_count,
  plan.movie_ids,
  plan.export_date,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), plan.created_at, SECOND) + 0.0 AS age_s,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.ingestion_log AS log
    WHERE log.run_id = @run_id AND log.run_date = @run_date
      AND log.event = 'RUN_PLANNED'
  ) AS is_published,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.ingestion_log AS log
    WHERE log.run_id = @run_id AND log.run_date = @run_date
      AND log.event = 'BATCH_DONE' AND log.batch_no = plan.batch_no
  ) AS is_done
FROM tmdb_analytics.batch_plan AS plan
WHERE plan.run_id = @run_id AND plan.run_date = @run_date
ORDER BY plan.batch_no
"""

_OPEN_RUNS = f"""
SELECT
  run_id,
  batches_total,
  batches_done,
  expected,
  fetched,
  is_complete,
  is_closed,
  is_due,
  is_metrics_requested,
  metrics_requests,
  republished,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), started_at, MILLISECOND) / 1000 AS age_s,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), last_seen_at, MILLISECOND) / 1000 AS quiet_s,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), metrics_requested_at, MILLISECOND) / 1000
    AS requested_s_ago
FROM ({RUN_STATUS})
WHERE run_date BETWEEN @from_date AND @to_date
  AND state NOT IN {ENDED}
ORDER BY run_date, run_id
"""

_LANDED = """
SELECT DISTINCT movie_id FROM tmdb_analytics.movie_details_raw
WHERE run_id = @run_id AND run_date = @run_date AND batch_no = @batch_no
"""

_NOT_FOUND_BEFORE = """
WITH missing AS (
  SELECT movie_id, MAX(run_date) AS missing_on
  FROM tmdb_analytics.ingestion_log
  WHERE event = 'MOVIE_NOT_FOUND' AND run_date BETWEEN @from_date AND @to_date
  GROUP BY movie_id
),

landed AS (
  SELECT movie_id, MAX(run_date) AS landed_on
  FROM tmdb_analytics.movie_details_raw
  WHERE run_date BETWEEN @from_date AND @to_date
  GROUP BY movie_id
)

SELECT missing.movie_id
FROM missing
LEFT JOIN landed USING (movie_id)
WHERE landed.landed_on IS NULL OR landed.landed_on < missing.missing_on
"""

_BATCHES_DONE = """
SELECT batch_no, MAX(logged_at) AS done_at
FROM tmdb_analytics.ingestion_log
WHERE run_id = @run_id AND run_date = @run_date AND event = 'BATCH_DONE'
GROUP BY batch_no
"""

_MISSED_DAY = """
SELECT
  EXISTS (
    SELECT run_id
    FROM tmdb_analytics.batch_plan
    WHERE run_date = @run_date AND mode IN ('daily', 'initial')
    GROUP BY run_id, mode
    -- A load of a few movies (make smoke) is not the run of a day.
    HAVING mode = 'daily' OR SUM(ARRAY_LENGTH(movie_ids)) >= (
      SELECT COUNT(*) FROM tmdb_analytics.tracked_movies WHERE retired_on IS NULL
    )
  ) AS is_planned,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.tracked_movies WHERE retired_on IS NULL
  ) AS is_tracking,
  (
    SELECT MAX(logged_at) FROM tmdb_analytics.ingestion_log
    WHERE run_id = @run_id AND run_date = @run_date AND event = 'RUN_REQUESTED'
  ) AS requested_at,
  EXISTS (
    SELECT 1 FROM tmdb_analytics.catalogue_days
    WHERE snapshot_date = @run_date AND is_published
  )
  AND NOT EXISTS (
    SELECT 1 FROM tmdb_analytics.movie_popularity_raw WHERE export_date = @run_date
  )
  AND NOT EXISTS (
    SELECT 1 FROM tmdb_analytics.batch_plan
    WHERE run_id = @export_run_id AND run_date = @run_date
  ) AS is_without_export
"""

_EXPORT_DAYS = """
SELECT day, LOGICAL_OR(is_loaded) AS is_loaded, SUM(requests) AS requests
FROM (
  SELECT export_date AS day, TRUE AS is_loaded, 0 AS requests
  FROM tmdb_analytics.movie_popularity_raw
  WHERE export_date BETWEEN @from_date AND @to_date
  GROUP BY export_date
  UNION ALL
  SELECT export_date AS day, FALSE AS is_loaded, COUNT(*) AS requests
  FROM tmdb_analytics.batch_plan
  WHERE run_date >= @from_date AND export_date BETWEEN @from_date AND @to_date
  GROUP BY export_date
)
GROUP BY day
"""

_IS_DONE = """
SELECT COUNT(*) > 0 AS is_done
FROM tmdb_analytics.ingestion_log
WHERE run_id = @run_id AND run_date = @run_date
  AND event = 'BATCH_DONE' AND batch_no = @batch_no
"""

_LAST_COMPLETE_RUN = """
SELECT MAX(run_date) AS run_date
FROM (
  SELECT run_id, run_date
  FROM tmdb_analytics.ingestion_log
  WHERE run_date BETWEEN @from_date AND @to_date AND mode IN ('daily', 'initial')
  GROUP BY run_id, run_date, mode
  HAVING
    COUNT(DISTINCT IF(event = 'BATCH_DONE', batch_no, NULL)) >= MAX(batch_count)
    AND (
      mode = 'daily' OR MAX(IF(event = 'RUN_PLANNED', expected, NULL)) >= (
        SELECT COUNT(*) FROM tmdb_analytics.tracked_movies WHERE retired_on IS NULL
      )
    )
)
"""
