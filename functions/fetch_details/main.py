"""fetch_details: a batch of movie ids comes in, one detail row per movie goes out.

Pub/Sub movie-batches -> TMDB /movie/{id} -> movie_details_raw, ingestion_log
"""

from dataclasses import dataclass
from typing import Any

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from functions.fetch_details import batch as movie_batch
from shared import bigquery, logs, pubsub, tmdb
from shared.completion import request_metrics_if_complete
from shared.config import Platform, Settings
from shared.delivery import Delivery, answer
from shared.ledger import Ledger
from shared.messages import MovieBatch
from shared.once import once
from shared.ports import Movies, Tables, Topics
from shared.runs import Run


@dataclass(frozen=True, slots=True)
class World:
    """What the function reads and writes."""

    tmdb: Movies
    tables: Tables
    ledger: Ledger
    topics: Topics


@once  # per instance: warm starts reuse connections
def connect() -> World:
    """Open every connection; a missing setting is a KeyError that names it."""
    settings, platform = Settings.from_env(), Platform.from_env()
    logs.setup(settings.project_id, settings.log_level)
    tables = bigquery.connect(settings, platform)
    ledger = Ledger(tables, platform.revision)
    return World(
        tmdb.connect(settings, platform), tables, ledger, pubsub.connect(settings)
    )


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
        movie_batch.store(batch, delivery, world.tmdb, world.tables, world.ledger)
    # Even when it was done: whoever marked it may have died before looking.
    request_metrics_if_complete(of_run, batch.batch_count, world.ledger, world.topics)
    return {
        "run_id": batch.run_id,
        "status": "already done" if is_done else "done",
        "batches": 1,
        "movies": len(batch.movie_ids),
    }
