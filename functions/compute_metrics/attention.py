"""Attention: reads how often movies' Wikipedia articles were read, after publication.

bigquery-public-data.wikipedia.pageviews_<year> -> movie_attention_daily. Neither Google
nor Wikimedia promises that table: whatever is wrong with it costs a warning, and the
next daily run reads the days again.
"""

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from shared import sql_files
from shared.errors import PermanentError, PipelineError
from shared.interfaces import Tables
from shared.messages import MetricsRequest
from shared.runs import Mode, Run

log = logging.getLogger(__name__)

PUBLISHED = ("published", "already published")
"""Statuses of answers after which a day is there to be witnessed."""
BACKFILL_DAYS = 35
"""What v_wikipedia_attention looks back; a missing day is one job."""
READ_AGAIN_DAYS = 3
WHOLE_DAY_HOURS = 24
"""The newest days are read again until they have all their hours."""
LONGEST_S = 120.0
"""After so long no further day is read; the page of the day waits for this."""
MOST_REFUSALS = 3
"""Days in a row that BigQuery refuses: then the rest would be too."""
_YEAR_IN_FILE = "pageviews_2026"
_STATEMENTS = sql_files.of_folder("attention")


def read(
    computed: MetricsRequest, status: str, clients: Clients, deadline: Deadline
) -> None:
    """Read the days that are missing before a daily run's; never raises.

    The day is published by then: nothing of this may undo or delay more than its page.
    """
    if not clients.has_wikipedia or not computed.run_id or status not in PUBLISHED:
        return
    run = Run.from_id(computed.run_id)
    if run.mode is not Mode.DAILY:
        return
    done = _Done()
    try:
        ends = Deadline.after(min(LONGEST_S, deadline.left_s()))
        done.read(run.run_date, clients.tables, ends)
    except PipelineError as error:
        done.refusal = error
    about: dict[str, Any] = {
        "run_id": run.run_id,
        "days": [day.isoformat() for day in done.days],
        "bytes_billed": done.bytes_billed,
    }
    if done.refusal:
        log.warning("attention_not_read", extra=about | done.refusal.to_json())
    else:
        log.info("attention_read", extra=about)


def days_due(run_date: date, hours: Mapping[date, int]) -> list[date]:
    """Return the days to read, newest first; `hours` are those of the days read."""
    days = [run_date - timedelta(days=back) for back in range(1, BACKFILL_DAYS + 1)]
    again = days[:READ_AGAIN_DAYS]
    return [
        day
        for day in days
        if day not in hours or (day in again and hours[day] < WHOLE_DAY_HOURS)
    ]


class _Done:
    """What was read of the public table, what it cost, and what it ended with."""

    def __init__(self) -> None:
        self.days: list[date] = []
        self.bytes_billed = 0
        self.refusal: PipelineError | None = None

    def read(self, run_date: date, tables: Tables, deadline: Deadline) -> None:
        """Read the days that are due: one job a day; none where there is no article."""
        known = tables.select(
            _STATEMENTS["days_read"],
            from_date=run_date - timedelta(days=BACKFILL_DAYS),
            to_date=run_date - timedelta(days=1),
        )
        if not known:
            return
        hours = {row["day"]: row["hours"] for row in known if row["day"]}
        refusals = 0
        for day in days_due(run_date, hours):
            try:
                self._read_day(day, tables, deadline)
                refusals = 0
            except PermanentError as error:
                # Another day may be in the table of another year.
                self.refusal, refusals = error, refusals + 1
                if refusals == MOST_REFUSALS:
                    return

    def _read_day(self, day: date, tables: Tables, deadline: Deadline) -> None:
        sql = _STATEMENTS["read_day"].replace(_YEAR_IN_FILE, f"pageviews_{day:%Y}")
        written, billed = tables.execute(sql, timeout_s=deadline.left_s(), day=day)
        self.bytes_billed += billed
        if written:
            self.days.append(day)
