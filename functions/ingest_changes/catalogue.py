"""Catalogue: track every feature film of the day's export, and choose the details.

Where tracked_movies is "all". The export goes through memory as numbers into the
landing table; what is tracked and whose details are fetched is decided by sql/tracking.
"""

import logging
from datetime import date
from functools import partial

from functions.ingest_changes import tracking
from functions.ingest_changes.plan import (
    EVERY_MOVIE,
    LARGEST_DISCOVER,
    band_of,
    edit_days,
    select,
)
from functions.ingest_changes.popularity import store_popularity
from functions.ingest_changes.survey import survey
from functions.ingest_changes.tmdb_reads import edits_of, of_newest_export
from shared.clients import Clients
from shared.runs import Mode, Run
from shared.tmdb import ExportDamagedError, ExportMissingError

log = logging.getLogger(__name__)


def track(run: Run, last: date | None, clients: Clients) -> list[int]:
    """Track what the export has; return the movies whose details the run fetches.

    Without an export the tracked movies stay, and the most popular are asked for. An
    initial run waits for one: there is nothing to stay. `last` is the day of the last
    complete run, for a daily one.
    """
    tables, tmdb, day = clients.tables, clients.tmdb, run.run_date
    is_initial = run.mode is Mode.INITIAL
    land = partial(_land, run, clients)
    try:
        exported = of_newest_export(day, land) if is_initial else land(day)
    except (ExportMissingError, ExportDamagedError) as error:
        if is_initial:
            raise
        log.warning("export_unusable", extra=error.to_json())
        top = tmdb.most_popular(LARGEST_DISCOVER)
    else:
        tracking.select_all(run, exported, tables)
        top = []
    days = edit_days(last, day) if run.mode is Mode.DAILY else []
    selected = select(top, edits_of(days, tmdb), EVERY_MOVIE)
    tracking.track(run, selected, tables)
    return tracking.details(day, clients.settings.details_per_day, tables)


def _land(run: Run, clients: Clients, day: date) -> date:
    """Land the export of a day; return the day."""
    found = clients.tmdb.export(day, lambda rows: survey(rows, 0, band_of(None), ()))
    store_popularity(run, day, found.popularity, EVERY_MOVIE, clients.tables)
    return day
