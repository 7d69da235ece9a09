"""A batch: ids in; detail rows, one event per movie that made none, and a marker out.

The marker is written last. A crash before it repeats the batch; the readers of
movie_details_raw take the newest row of a movie, so a repetition counts once. A batch
that takes too long keeps its rows and is handed back; its redelivery fetches the rest.
"""

import logging
from collections.abc import Iterable
from itertools import batched
from time import monotonic
from typing import Any

from functions.fetch_details.transform import BadMovieError, to_row
from functions.fetch_details.world import World
from shared import clock
from shared.delivery import Delivery
from shared.errors import BatchSlowError, TmdbUnavailableError
from shared.messages import MovieBatch
from shared.ports import Reply, Row
from shared.runs import Event, Run

log = logging.getLogger(__name__)

OUTAGE_SHARE = 0.5
"""When more of a batch than this fails on TMDB's side, TMDB is away: the batch is
handed back. Less is single movies that TMDB cannot serve, and they are recorded."""


IDS_BETWEEN_LOOKS = 25
"""After so many ids the clock is looked at."""


def store(batch: MovieBatch, delivery: Delivery, world: World) -> None:
    """Fetch a batch, append its rows, record what became of every id."""
    began = monotonic()
    run = Run.from_id(batch.run_id)
    landed: frozenset[int] = frozenset()
    if delivery.attempt > 1:
        landed = world.ledger.landed(run, batch.batch_no) & set(batch.movie_ids)
    ids = [movie_id for movie_id in batch.movie_ids if movie_id not in landed]
    replies: list[Reply] = []
    for chunk in batched(ids, IDS_BETWEEN_LOOKS, strict=False):
        if replies and monotonic() - began > world.deadline_s:
            break
        replies += world.tmdb.movies(chunk)
    _raise_in_outage(replies)
    rows, events = _sort(batch, replies)
    row_ids = [f"{batch.run_id}/{row['movie_id']}" for row in rows]
    refusals = world.tables.append("movie_details_raw", rows, row_ids)
    if len(replies) < len(ids):
        raise BatchSlowError(
            f"{len(replies)} of {len(ids)} movies in {monotonic() - began:.0f} s",
            field="movie_ids",
            remedy="delivered again by itself, for the rest",
        )
    events += [
        _failed(batch, rows[refusal.index]["movie_id"], f"BigQuery: {refusal.reason}")
        for refusal in refusals
    ]
    not_found = sum(kind is Event.MOVIE_NOT_FOUND for kind, _ in events)
    stored = len(landed) + len(rows) - len(refusals)
    counts = {
        "expected": len(batch.movie_ids),
        "fetched": stored,
        "not_found": not_found,
        "failed": len(events) - not_found,
        "written": stored,
        "tmdb_requests": sum(reply.requests for reply in replies),
        "tmdb_throttled": sum(reply.throttled for reply in replies),
        "seconds": monotonic() - began,
    }
    marker = {
        **counts,
        "batch_no": batch.batch_no,
        "batch_count": batch.batch_count,
        "message_id": delivery.id,
        "delivery_attempt": delivery.attempt,
    }
    world.ledger.record(run, [*events, (Event.BATCH_DONE, marker)])
    log.info("batch_stored", extra={"run_id": batch.run_id, **marker})


def _raise_in_outage(replies: list[Reply]) -> None:
    away = [reply for reply in replies if reply.failure and reply.is_outage]
    if away and len(away) > OUTAGE_SHARE * len(replies):
        raise TmdbUnavailableError(
            f"{len(away)} of {len(replies)} movies failed, the first with: "
            f"{away[0].failure}",
            field="TMDB",
            remedy="delivered again by itself; see https://status.themoviedb.org",
        )


def _sort(
    batch: MovieBatch, replies: Iterable[Reply]
) -> tuple[list[dict[str, Any]], list[tuple[Event, Row]]]:
    """Make a row of every good reply and an event of every other one."""
    about = {
        "run_id": batch.run_id,
        "run_date": batch.run_date.isoformat(),
        "batch_no": batch.batch_no,
        "fetched_at": clock.now().isoformat(),
    }
    rows: list[dict[str, Any]] = []
    events: list[tuple[Event, Row]] = []
    for reply in replies:
        if reply.failure:
            events.append(_failed(batch, reply.movie_id, reply.failure))
        elif not reply.is_found:
            gone = {"movie_id": reply.movie_id, "batch_no": batch.batch_no}
            events.append((Event.MOVIE_NOT_FOUND, gone))
        else:
            try:
                rows.append(about | to_row(reply.movie_id, reply.movie))
            except BadMovieError as error:
                events.append(_failed(batch, reply.movie_id, str(error)))
    return rows, events


def _failed(batch: MovieBatch, movie_id: int, reason: str) -> tuple[Event, Row]:
    log.warning(
        "movie_failed",
        extra={"run_id": batch.run_id, "movie_id": movie_id, "reason": reason},
    )
    return Event.MOVIE_FAILED, {
        "movie_id": movie_id,
        "batch_no": batch.batch_no,
        "reason": reason,
    }
