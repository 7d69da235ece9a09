"""Details: initial, daily and weekly runs, which fetch every movie's details.

Reads TMDB and the tracked set, decides by plan.py, then writes: the tracked set, the
day's popularity, the plan; last it publishes. A crash anywhere leaves a run that the
next delivery of the same tick takes up.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from functions.ingest_changes.plan import (
    LARGEST_DISCOVER,
    Plan,
    Survey,
    Tracked,
    plan_daily,
    plan_initial,
    plan_weekly,
    survey,
)
from functions.ingest_changes.publishing import publish_new, resume
from functions.ingest_changes.world import World
from shared import clock
from shared.errors import TmdbIncompleteError
from shared.messages import INGEST_REQUESTS, MOVIE_BATCHES, IngestRequest, MovieBatch
from shared.ports import ListedMovie
from shared.runs import Batch, Mode, Run
from shared.tmdb import ExportDamagedError, ExportMissingError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Decision:
    plan: Plan
    popularity: Mapping[int, float] = field(default_factory=dict)


def start(request: IngestRequest, run_date: date, world: World) -> dict[str, Any]:
    """Plan and publish a run over movie details."""
    run = Run(request.mode, run_date)
    send = partial(publish, run, world=world)
    if stored := world.ledger.stored_plan(run):
        movies = sum(len(batch.movie_ids) for batch in stored.batches)
        return resume(run, stored, movies, send, world)
    tracked = tracked_movies(world)
    decision = _decide(run, request.limit or world.tracked_movies, tracked, world)
    plan = decision.plan
    if not plan.batches:
        if run.mode is Mode.WEEKLY:
            return nothing_tracked(run)
        raise TmdbIncompleteError(
            "TMDB listed no movie at all", field="TMDB", remedy="tried again by itself"
        )
    rows = [movie.to_row(run.run_id) for movie in plan.tracked]
    world.tables.load_once(
        "tracked_movies", rows, f"tracked_{run.run_id}", replace=True
    )
    store_popularity(run, run_date, decision.popularity, world)
    return publish_new(run, plan.batches, plan.movies, send, world)


def tracked_movies(world: World) -> list[Tracked]:
    """Return the tracked set, retired movies included."""
    columns = ", ".join(Tracked.__slots__)
    rows = world.tables.select(f"SELECT {columns} FROM tmdb_analytics.tracked_movies")
    return [Tracked.from_row(row) for row in rows]


def store_popularity(
    run: Run, export_date: date, popularity: Mapping[int, float], world: World
) -> None:
    """Load one day's popularity by one job: a repetition adds nothing."""
    if not popularity:
        return
    loaded_at = clock.now().isoformat()
    rows = (
        {
            "run_id": run.run_id,
            "export_date": export_date.isoformat(),
            "movie_id": movie_id,
            "popularity": value,
            "loaded_at": loaded_at,
        }
        for movie_id, value in popularity.items()
    )
    job_id = f"popularity_{run.run_id}_{export_date:%Y%m%d}"
    world.tables.load_once("movie_popularity_raw", rows, job_id)


def _decide(
    run: Run, limit: int, tracked: Sequence[Tracked], world: World
) -> _Decision:
    match run.mode:
        case Mode.INITIAL:
            return _Decision(
                plan_initial(run.run_date, tracked, _top(run, limit, world))
            )
        case Mode.DAILY:
            return _decide_daily(run.run_date, limit, tracked, world)
        case _:
            return _Decision(plan_weekly(run.run_date, tracked))


def _decide_daily(
    day: date, limit: int, tracked: Sequence[Tracked], world: World
) -> _Decision:
    active = {movie.movie_id for movie in tracked if movie.retired_on is None}
    try:
        found = world.tmdb.export(day, lambda rows: survey(rows, limit, active))
    except (ExportMissingError, ExportDamagedError) as error:
        # The day is not lost: details carry popularity too, and the rows say so.
        log.warning("export_unusable", extra=error.to_json())
        top = world.tmdb.most_popular(min(limit, LARGEST_DISCOVER))
        found = Survey(top, popularity={})
    edits = {
        edited_on: world.tmdb.changes(edited_on)
        for edited_on in world.ledger.days_to_catch_up(day)
    }
    plan = plan_daily(day, tracked, found.top, edits)
    return _Decision(plan, found.popularity)


def _top(run: Run, limit: int, world: World) -> list[ListedMovie]:
    if limit <= LARGEST_DISCOVER:
        return world.tmdb.most_popular(limit)
    try:
        return world.tmdb.export(run.run_date, lambda rows: survey(rows, limit, ()).top)
    except ExportMissingError:
        # Before 08:00 UTC the newest export is yesterday's.
        yesterday = run.run_date - timedelta(days=1)
        return world.tmdb.export(yesterday, lambda rows: survey(rows, limit, ()).top)


def publish(run: Run, batches: Sequence[Batch], world: World) -> None:
    """Publish batches, and what else the run asks for."""
    bodies = (MovieBatch.of(run, batch).to_json() for batch in batches)
    world.topics.publish(MOVIE_BATCHES, bodies)
    if run.mode is Mode.INITIAL:
        history = IngestRequest(Mode.HISTORY, run.run_date)
        world.topics.publish(INGEST_REQUESTS, [history.to_json()])
    if run.mode is Mode.DAILY:
        # Their votes are lost, their popularity is in the exports.
        missed = world.ledger.days_to_catch_up(run.run_date)[1:]
        days = (IngestRequest(Mode.HISTORY, run.run_date, None, day) for day in missed)
        world.topics.publish(INGEST_REQUESTS, [day.to_json() for day in days])


def nothing_tracked(run: Run) -> dict[str, Any]:
    """Return the answer of a run that finds nothing tracked yet: it is done.

    A deployment whose movies are not loaded yet ticks all the same.
    """
    log.info("nothing_tracked_yet", extra={"run_id": run.run_id})
    return {
        "run_id": run.run_id,
        "status": "nothing is tracked yet",
        "batches": 0,
        "movies": 0,
    }
