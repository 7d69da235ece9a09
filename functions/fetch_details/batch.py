"""Fetch a batch of movies: append their rows, record the missing ones, mark the batch.

The rows are written first, whatever happened to the other movies. The marker is written
last: after a crash before it, the batch is repeated. Readers of movie_details_raw use
the newest row of a movie, so a repetition counts once. If too much of a batch is
missing, or it took too long, an error is raised after its rows are written, and the
redelivery fetches the rest.

TMDB only has current values: an answer from hours after the run's day is not stored,
and its movie is recorded as failed, "too late".
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import batched
from time import monotonic
from typing import Any

from functions.fetch_details.outcome import (
    FEW_MISSING,
    Outcome,
    Recorded,
    events_of,
    has_common_cause,
    incomplete_error,
    sort_replies,
    too_late_reason,
)
from shared import clock, days
from shared.clients import Clients
from shared.delivery import Delivery
from shared.errors import BatchSlowError
from shared.interfaces import Reply
from shared.messages import MovieBatch
from shared.runs import Event, Run

log = logging.getLogger(__name__)

GONE_SHARE = 0.2
"""If more of a batch than this is not found, it is an outage, not deleted movies."""

IDS_BETWEEN_LOOKS = 25
"""The deadline is checked after this many ids."""


def store(batch: MovieBatch, delivery: Delivery, clients: Clients) -> None:
    """Fetch a batch, append its rows, and record the result of every id."""
    began = monotonic()
    run = Run.from_id(batch.run_id)
    if moment := _too_late(batch, clients):
        _record_too_late(batch, moment, delivery, clients)
        return
    landed: frozenset[int] = frozenset()
    if delivery.attempt > 1:
        landed = clients.ledger.landed(run, batch.batch_no) & set(batch.movie_ids)
    ids = [movie_id for movie_id in batch.movie_ids if movie_id not in landed]
    replies = _fetch(ids, began, clients)
    outcome = sort_replies(batch, replies)
    row_ids = [f"{batch.run_id}/{row['movie_id']}" for row in outcome.rows]
    refusals = clients.tables.append("movie_details_raw", outcome.rows, row_ids)
    for refusal in refusals:
        movie_id = outcome.rows[refusal.index]["movie_id"]
        outcome.failed[movie_id] = f"BigQuery: {refusal.reason}"
    if error := next((reply.error for reply in replies if reply.error), None):
        raise error
    gone = _gone(run, batch, outcome, clients)
    is_outage = has_common_cause(batch, outcome, gone, replies)
    if delivery.attempt < clients.settings.max_delivery_attempts:
        _raise_if_late(ids, replies, began)
        if is_outage:
            raise incomplete_error(batch, outcome)
    for movie_id in ids[len(replies) :]:
        outcome.failed[movie_id] = "not requested: the batch took too long"
    stored = len(landed) + len(outcome.rows) - len(refusals)
    counts = {
        "expected": len(batch.movie_ids),
        "fetched": stored,
        "not_found": len(gone),
        "failed": len(outcome.failed) + len(outcome.not_found) - len(gone),
        "written": stored,
        "tmdb_requests": sum(reply.requests for reply in replies),
        "tmdb_throttled": sum(reply.throttled for reply in replies),
        "seconds": monotonic() - began,
    }
    events = events_of(batch, outcome, gone, is_outage=is_outage)
    marker = _mark(batch, counts, events, delivery, clients)
    log.info("batch_stored", extra={"run_id": batch.run_id, **marker})


def _too_late(batch: MovieBatch, clients: Clients) -> datetime | None:
    """Return TMDB's time when it no longer answers with the values of the run's day.

    TMDB's time is requested only if our own clock is past the day: on this machine TMDB
    is simulated, and its days are past.
    """
    if days.is_reading_of(batch.run_date, clock.now()):
        return None
    moment = clients.tmdb.now()
    return None if days.is_reading_of(batch.run_date, moment) else moment


def _record_too_late(
    batch: MovieBatch, moment: datetime, delivery: Delivery, clients: Clients
) -> None:
    """End a batch whose day is over: what is missing can no longer be fetched."""
    run = Run.from_id(batch.run_id)
    landed = clients.ledger.landed(run, batch.batch_no) & set(batch.movie_ids)
    lost = [movie_id for movie_id in batch.movie_ids if movie_id not in landed]
    reason = too_late_reason(batch, moment)
    counts = {
        "expected": len(batch.movie_ids),
        "fetched": len(landed),
        "not_found": 0,
        "failed": len(lost),
        "written": len(landed),
        "reason": reason,
    }
    outcome = Outcome(failed=dict.fromkeys(lost, reason))
    events = events_of(batch, outcome, frozenset(), is_outage=False)
    marker = _mark(batch, counts, events, delivery, clients)
    log.error("batch_too_late", extra={"run_id": batch.run_id, **marker})


def _mark(
    batch: MovieBatch,
    counts: Mapping[str, Any],
    events: Sequence[Recorded],
    delivery: Delivery,
    clients: Clients,
) -> dict[str, Any]:
    """Record the events of a batch, then its marker; return the marker."""
    marker = {
        **counts,
        "batch_no": batch.batch_no,
        "batch_count": batch.batch_count,
        "message_id": delivery.id,
        "delivery_attempt": delivery.attempt,
    }
    run = Run.from_id(batch.run_id)
    clients.ledger.record(run, [*events, (Event.BATCH_DONE, marker)])
    return marker


def _fetch(ids: Sequence[int], began: float, clients: Clients) -> list[Reply]:
    """Return the replies for the ids fetched before the deadline, in their order."""
    replies: list[Reply] = []
    for chunk in batched(ids, IDS_BETWEEN_LOOKS, strict=False):
        if replies and monotonic() - began > clients.settings.fetch_deadline_s:
            break
        replies += clients.tmdb.movies(chunk)
        if any(reply.error for reply in replies):
            break
    return replies


def _gone(
    run: Run, batch: MovieBatch, outcome: Outcome, clients: Clients
) -> frozenset[int]:
    """Return the missing movies that TMDB did not have on an earlier day either."""
    if not outcome.not_found:
        return frozenset()
    gone = clients.ledger.not_found_before(run) & set(outcome.not_found)
    is_few = len(gone) <= max(FEW_MISSING, GONE_SHARE * len(batch.movie_ids))
    return gone if is_few else frozenset()


def _raise_if_late(ids: Sequence[int], replies: list[Reply], began: float) -> None:
    if len(replies) < len(ids):
        raise BatchSlowError(
            f"{len(replies)} of {len(ids)} movies in {monotonic() - began:.0f} s",
            field="movie_ids",
            hint="redelivered automatically, for the rest",
        )
