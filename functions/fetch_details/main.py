"""fetch_details: a batch of movie ids comes in, one detail row per movie goes out.

Pub/Sub movie-batches -> TMDB /movie/{id} -> movie_details_raw, ingestion_log
"""

from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.fetch_details import batch as movie_batch
from functions.fetch_details.world import World, connect
from shared.completion import deferral_recorded, request_metrics_if_complete
from shared.delivery import Delivery, answer
from shared.messages import MovieBatch
from shared.runs import Run


@functions_framework.http
def fetch_details(request: Request) -> ResponseReturnValue:
    """2xx acknowledges the delivery; a TransientError asks Pub/Sub for it again."""
    world = connect()
    return answer(
        request,
        MovieBatch.from_json,
        lambda message, delivery: run(message, delivery, world),
        world.topics,
    )


def run(batch: MovieBatch, delivery: Delivery, world: World) -> dict[str, Any]:
    """Fetch, store and mark a batch unless it is done; then look at its run."""
    of_run = Run.from_id(batch.run_id)
    is_done = world.ledger.is_done(of_run, batch.batch_no)
    if not is_done:
        with deferral_recorded(of_run, batch.batch_no, delivery, world.ledger):
            movie_batch.store(batch, delivery, world)
    # Even when it was done: whoever marked it may have died before looking.
    request_metrics_if_complete(
        of_run, batch.batch_no, batch.batch_count, world.ledger, world.topics
    )
    return {
        "run_id": batch.run_id,
        "status": "already done" if is_done else "done",
        "batches": 1,
        "movies": len(batch.movie_ids),
    }
