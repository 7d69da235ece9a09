"""Start initial, daily and weekly runs, which fetch the details of movies.

Reads TMDB first, then writes the tracked set, the day's popularity and the plan, and
publishes last. After a crash at any point, the next delivery of the same request
continues the run.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from typing import Any

from functions.ingest_changes import catalogue, tracking
from functions.ingest_changes.plan import (
    LARGEST_DISCOVER,
    Tracked,
    band_of,
    days_without_export,
    edit_days,
    oldest_export,
    select,
)
from functions.ingest_changes.popularity import store_popularity
from functions.ingest_changes.publishing import publish_new, resume
from functions.ingest_changes.survey import Survey, survey
from functions.ingest_changes.tmdb_reads import edits_of, of_newest_export
from shared.clients import Clients
from shared.days import newest_day
from shared.errors import BadMessageError, RunBusyError, TmdbIncompleteError
from shared.interfaces import ListedMovie
from shared.messages import IngestRequest
from shared.runs import Event, Mode, Run, cut_into_batches, cut_into_days
from shared.tmdb import ExportDamagedError, ExportMissingError

log = logging.getLogger(__name__)

NOTHING_TRACKED = "nothing is tracked yet"


def start(request: IngestRequest, run_date: date, clients: Clients) -> dict[str, Any]:
    """Plan and publish a run that fetches movie details."""
    _refuse_limit(request, clients.settings.tracked_movies)
    run = Run(request.mode, run_date)
    if stored := clients.ledger.stored_plan(run):
        movies = sum(len(batch.movie_ids) for batch in stored.batches)
        return resume(run, stored, movies, clients)
    _refuse_another_day(run, clients.tmdb.now())
    last: date | None = None
    if run.mode is Mode.DAILY:
        most = clients.settings.details_per_day
        last = clients.ledger.last_complete_run(run_date, most)
    limit = request.limit or clients.settings.tracked_movies
    movie_ids = _track(run, limit, last, clients)
    if not movie_ids:
        if run.mode is Mode.WEEKLY:
            is_tracked = limit is None or bool(tracking.known(clients.tables))
            reason = "no retired movie to refresh" if is_tracked else NOTHING_TRACKED
            return nothing_to_do(run, reason, clients)
        raise TmdbIncompleteError(
            "TMDB listed no movie at all", field="TMDB", hint="retried automatically"
        )
    batches = cut_into_batches(movie_ids)
    if run.mode is Mode.DAILY:
        _catch_up(run, len(movie_ids), last, clients)
    return publish_new(run, batches, len(movie_ids), clients)


def _track(
    run: Run, limit: int | None, last: date | None, clients: Clients
) -> list[int]:
    """Bring the tracked set up to date; return the movies that the run fetches.

    A weekly run fetches the retired movies: daily runs no longer do, but views of past
    days still show them. `last`, for a daily run, is the day of the last complete one.
    limit: None for all.
    """
    tables, most = clients.tables, clients.settings.details_per_day
    if run.mode is Mode.WEEKLY:
        tracking.retire(run.run_date, tables)
        return tracking.retired(tables)[:most]
    if limit is None:
        return catalogue.track(run, last, clients)
    if run.mode is Mode.INITIAL:
        with alone_at_tmdb(run, clients):
            top = _top(run, limit, clients)
        if selected := select(top, {}, ()):
            tracking.track(run, selected, tables)
        return tracking.selected_by(run, tables)[:most]
    known = tracking.known(tables)
    found = _of_the_day(run.run_date, limit, clients)
    edits = edits_of(edit_days(last, run.run_date), clients.tmdb)
    if selected := select(found.top, edits, known):
        tracking.track(run, selected, tables)
    active = tracking.active(tables)
    tracked = Tracked.of(active)
    store_popularity(run, run.run_date, found.popularity, tracked, tables)
    if len(active) <= most:
        return active
    return tracking.details(run.run_date, most, tables)


@contextmanager
def alone_at_tmdb(run: Run, clients: Clients) -> Iterator[None]:
    """Use TMDB's whole rate unless another run is fetching movies.

    A person waits for an initial load, and its details begin after its lists. The rate
    is raised before the ledger is read. A run that publishes batches first stores its
    plan and then lowers the rate: so either its plan is visible here, or it lowers the
    rate after us.
    """
    clients.tmdb.pace(1.0)
    try:
        if _is_fetching(run.run_date, clients):
            clients.tmdb.pace(clients.settings.tmdb_share)
        yield
    finally:
        clients.tmdb.pace(clients.settings.tmdb_share)


def _is_fetching(run_date: date, clients: Clients) -> bool:
    """Return whether a run of about this day still fetches movies."""
    return any(
        open_run.batches_done < open_run.batches_total
        for open_run in clients.ledger.open_runs(run_date + timedelta(days=1))
        if Run.from_id(open_run.run_id).mode is not Mode.HISTORY
    )


def _catch_up(run: Run, movies: int, last: date | None, clients: Clients) -> None:
    """Request the exports that past days lack and TMDB has: one history run.

    These are days without a run, whose votes are lost, and days whose run came before
    their export. They are requested before the daily run's plan is stored, so that the
    redelivery after a crash in between requests them again. If a history run of this
    day exists, the next daily run requests what that run does not load.
    """
    ledger, day = clients.ledger, run.run_date
    known = ledger.export_days(oldest_export(day), day - timedelta(days=1))
    lacking = days_without_export(last, known, day)
    if missed := [export for export in lacking if clients.tmdb.has_export(export)]:
        history = Run(Mode.HISTORY, run.run_date)
        with suppress(RunBusyError):
            publish_new(history, cut_into_days(missed), movies * len(missed), clients)


def _refuse_limit(request: IngestRequest, tracked_movies: int | None) -> None:
    """Raise if a request is for more movies than the deployment tracks, or for fewer.

    The next daily run would drop the others, and weeks later they would be retired.
    Where all are tracked, a daily run with a limit would take the others' ranks away.
    """
    limit = request.limit
    if limit is None:
        return
    if tracked_movies is None and request.mode is Mode.DAILY:
        raise BadMessageError(
            f"limit is {limit:,}, and this deployment tracks all movies",
            field="limit",
            hint="leave it out of a daily run",
        )
    if tracked_movies is not None and limit > tracked_movies:
        raise BadMessageError(
            f"limit is {limit:,}, and this deployment tracks {tracked_movies:,} movies",
            field="limit",
            hint=f"write {tracked_movies} or less, or raise tracked_movies "
            "(TRACKED_MOVIES) and deploy",
        )


def _refuse_another_day(run: Run, moment: datetime) -> None:
    """Raise if TMDB no longer, or not yet, has the values of a run's day.

    A run of yesterday is accepted: its popularity and edits are available, and its
    batches record the movies that they can no longer fetch as too late.
    """
    today = moment.date()
    if today - timedelta(days=1) <= run.run_date <= newest_day(moment):
        return
    raise BadMessageError(
        f"run_date is {run.run_date}, and TMDB answers with the votes of {today} only",
        field="run_date",
        hint=f"write {today}, or leave it out; popularity of a past day: "
        f'{{"mode": "history_day", "date": "{run.run_date}"}}; its votes cannot be had',
    )


def _of_the_day(day: date, limit: int, clients: Clients) -> Survey:
    active = frozenset(tracking.active(clients.tables))
    band = band_of(clients.settings.tracked_movies)
    try:
        return clients.tmdb.export(day, lambda rows: survey(rows, limit, band, active))
    except (ExportMissingError, ExportDamagedError) as error:
        # The day is not lost: details have popularity too, and the rows record it.
        log.warning("export_unusable", extra=error.to_json())
        return Survey(clients.tmdb.most_popular(min(limit, LARGEST_DISCOVER)))


def _top(run: Run, limit: int, clients: Clients) -> list[ListedMovie]:
    if limit <= LARGEST_DISCOVER:
        return clients.tmdb.most_popular(limit)
    return of_newest_export(
        run.run_date,
        lambda day: clients.tmdb.export(
            day, lambda rows: survey(rows, limit, 0, ()).top
        ),
    )


def nothing_to_do(run: Run, reason: str, clients: Clients) -> dict[str, Any]:
    """End a run without a plan because there is nothing to fetch.

    The ledger records it, so that whoever waits for the run can see its end. The
    schedules request such runs before the first load, and while no movie is retired.
    """
    log.info("nothing_to_do", extra={"run_id": run.run_id, "reason": reason})
    clients.ledger.record(run, [(Event.NOTHING_TO_DO, {"reason": reason})])
    return {"run_id": run.run_id, "status": reason, "batches": 0, "movies": 0}
