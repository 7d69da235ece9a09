"""A batch: ids in; detail rows, one event per movie that made none, and a marker out.

The marker is written last. A crash before it repeats the batch; the readers of
movie_details_raw take the newest row of a movie, so a repetition counts once.
"""

import logging
from collections.abc import Iterable
from time import monotonic
from typing import Any

from functions.fetch_details.transform import BadMovieError, to_row
from shared import clock
from shared.delivery import Delivery
from shared.errors import TmdbUnavailableError
from shared.ledger import Ledger
from shared.messages import MovieBatch
from shared.ports import Movies, Reply, Row, Tables
from shared.runs import Event, Run

log = logging.getLogger(__name__)

OUTAGE_SHARE = 0.5
"""When more of a batch than this fails on TMDB's side, TMDB is away: the batch is
handed back. Less is single movies that TMDB cannot serve, and they are recorded."""


def store(
    batch: MovieBatch,
    delivery: Delivery,
    movies: Movies,
    tables: Tables,
    ledger: Ledger,
) -> None:
    """Fetch a batch, append its rows, record what became of every id."""
    began = monotonic()
    replies = movies.movies(batch.movie_ids)
    _raise_in_outage(replies)
    rows, events = _sort(batch, replies)
    row_ids = [f"{batch.run_id}/{row['movie_id']}" for row in rows]
    refusals = tables.append("movie_details_raw", rows, row_ids)
    events += [
        _failed(batch, rows[refusal.index]["movie_id"], f"BigQuery: {refusal.reason}")
        for refusal in refusals
    ]
    not_found = sum(kind is Event.MOVIE_NOT_FOUND for kind, _ in events)
    counts = {
        "expected": len(batch.movie_ids),
        "fetched": len(rows) - len(refusals),
        "not_found": not_found,
        "failed": len(events) - not_found,
        "written": len(rows) - len(refusals),
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
    ledger.record(Run.from_id(batch.run_id), [*events, (Event.BATCH_DONE, marker)])
    log.info("batch_stored", extra={"run_id": batch.run_id, **marker})


def _raise_in_outage(replies: list[Reply]) -> None:
    away = [reply for reply in replies if reply.failure and reply.is_outage]
    if len(away) > OUTAGE_SHARE * len(replies):
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
