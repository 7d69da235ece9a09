"""fetch_details: fetch a batch of movies from TMDB and append a row for each.

Pub/Sub movie-batches -> TMDB /movie/{id} -> movie_details_raw, ingestion_log
"""

from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.fetch_details import batch as movie_batch
from shared.clients import Clients, connect
from shared.completion import complete
from shared.delivery import Delivery, answer
from shared.messages import MovieBatch
from shared.runs import Run


@functions_framework.http
def fetch_details(request: Request) -> ResponseReturnValue:
    """Answer 2xx to acknowledge; a TransientError answers 503: Pub/Sub redelivers."""
    clients = connect()
    return answer(
        request,
        MovieBatch.from_json,
        lambda message, delivery: run(message, delivery, clients),
        clients.topics,
    )


def run(batch: MovieBatch, delivery: Delivery, clients: Clients) -> dict[str, Any]:
    """Fetch, store and mark a batch unless it is done; then check its run."""
    is_done = complete(
        Run.from_id(batch.run_id),
        batch.batch_no,
        batch.batch_count,
        delivery,
        clients,
        lambda: movie_batch.store(batch, delivery, clients),
    )
    return {
        "run_id": batch.run_id,
        "status": "already done" if is_done else "done",
        "batches": 1,
        "movies": len(batch.movie_ids),
    }
