"""ingest_changes: decide which movies are tracked and fetched; plan and publish runs.

Pub/Sub ingest-requests -> TMDB lists, exports, edits -> tracked_movies_raw,
tracked_movies, movie_popularity_raw, batch_plan, ingestion_log -> Pub/Sub movie-batches
"""

from datetime import date
from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.ingest_changes import articles, load_history, start_run, sweep
from shared.clients import Clients, connect
from shared.delivery import Delivery, answer
from shared.messages import IngestRequest
from shared.runs import Mode


@functions_framework.http
def ingest_changes(request: Request) -> ResponseReturnValue:
    """Answer 2xx to acknowledge; a TransientError answers 503: Pub/Sub redelivers."""
    clients = connect()
    return answer(
        request,
        IngestRequest.from_json,
        lambda message, delivery: run(message, delivery, clients),
        clients.topics,
    )


def run(request: IngestRequest, delivery: Delivery, clients: Clients) -> dict[str, Any]:
    """Plan and publish the requested run, load one export day, or sweep all runs."""
    run_date = request.run_date or delivery.published_on
    match request:
        case IngestRequest(mode=Mode.SWEEP):
            return sweep.sweep(request, delivery.published_at, clients)
        case IngestRequest(mode=Mode.HISTORY):
            return load_history.start(run_date, clients)
        case IngestRequest(mode=Mode.HISTORY_DAY, export_date=date() as day):
            return load_history.load_day(request, day, run_date, delivery, clients)
        case _:
            started = start_run.start(request, run_date, clients)
            articles.look_up(request.mode, run_date, clients)
            return started
