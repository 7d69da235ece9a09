"""ingest_changes: a tick comes in, a planned and published run goes out.

Pub/Sub ingest-requests -> TMDB lists, exports, edits -> tracked_movies_raw,
tracked_movies, movie_popularity_raw, batch_plan, ingestion_log -> Pub/Sub movie-batches
"""

from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.ingest_changes import load_history, start_run, sweep
from functions.ingest_changes.world import World, connect
from shared.delivery import Delivery, answer
from shared.errors import BadMessageError
from shared.messages import IngestRequest
from shared.runs import Mode


@functions_framework.http
def ingest_changes(request: Request) -> ResponseReturnValue:
    """2xx acknowledges the delivery; a TransientError asks Pub/Sub for it again."""
    world = connect()
    return answer(
        request,
        IngestRequest.from_json,
        lambda message, delivery: run(message, delivery, world),
        world.topics,
    )


def run(request: IngestRequest, delivery: Delivery, world: World) -> dict[str, Any]:
    """Plan and publish the run that the request means, or look after all of them."""
    _refuse_more_than_tracked(request.limit, world.tracked_movies)
    run_date = request.run_date or delivery.published_on
    if request.mode is Mode.SWEEP:
        return sweep.sweep(request, delivery.published_at, world)
    if request.mode is not Mode.HISTORY:
        return start_run.start(request, run_date, world)
    if request.export_date is None:
        return load_history.start(run_date, world)
    return load_history.load_day(
        request, request.export_date, run_date, delivery, world
    )


def _refuse_more_than_tracked(limit: int | None, tracked_movies: int) -> None:
    """Raise when a request wants more movies than the deployment tracks.

    The next daily run selects the deployment's number: it would not keep the others,
    and weeks later they would be retired without a word.
    """
    if limit is not None and limit > tracked_movies:
        raise BadMessageError(
            f"limit is {limit:,}, and this deployment tracks {tracked_movies:,} movies",
            field="limit",
            remedy=f"write {tracked_movies} or less, or raise tracked_movies "
            "(TRACKED_MOVIES) and deploy",
        )
