"""A batch: ids in; detail rows, one event per movie that made none, and a marker out.

The rows come first, whatever became of the others. The marker is written last: a crash
before it repeats the batch, and the readers of movie_details_raw take the newest row of
a movie, so a repetition counts once. A batch of which too much is missing, or that took
too long, raises after its rows are written; its redelivery fetches the rest.
TMDB answers with the values of now: what it answers hours after the day of the run is
not stored, and its movies are recorded as failed, "too late".
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from time import monotonic
from typing import Any

from functions.fetch_details.transform import BadMovieError, OddFields, to_row
from shared import clock, days
from shared.clients import Clients
from shared.delivery import Delivery
from shared.errors import BatchIncompleteError, BatchSlowError
from shared.interfaces import Reply, Row
from shared.messages import MovieBatch
from shared.runs import Event, Run

log = logging.getLogger(__name__)

FEW_MISSING = 1
MISSING_SHARE = 0.04
"""More than one movie and more than 4 % of a batch (3 of 50, 2 of 3) missing, for
whatever reasons, have a common cause: the batch is delivered again. Fewer are single
movies, and are recorded at once.

Why these numbers: TMDB deletes or breaks at most one tracked movie of 1,000 a day. Of
50 movies 3 or more are then odd by chance once in 50,000 batches, at 20 batches a day
once in 7 years, and that costs a delay: the last delivery records what is left. What
costs less than 3 of 50 after every retry of the client costs a day at most 4 %, and its
coverage shows that. A batch of one movie tells nothing apart: it is delivered again
while TMDB is away, and recorded when only its movie is odd."""

GONE_SHARE = 0.2
"""More of a batch than this is not gone at once: an outage lasts since another day."""

IDS_BETWEEN_LOOKS = 25
"""After so many ids the clock is looked at."""

type Recorded = tuple[Event, Row]


@dataclass(slots=True)
class _Outcome:
    """What became of the ids of one delivery."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    """Movie -> why it could not be stored."""
    not_found: list[int] = field(default_factory=list)
    """Movies that TMDB does not have."""


def store(batch: MovieBatch, delivery: Delivery, clients: Clients) -> None:
    """Fetch a batch, append its rows, record what became of every id."""
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
    outcome = _sort(batch, replies)
    row_ids = [f"{batch.run_id}/{row['movie_id']}" for row in outcome.rows]
    refusals = clients.tables.append("movie_details_raw", outcome.rows, row_ids)
    for refusal in refusals:
        movie_id = outcome.rows[refusal.index]["movie_id"]
        outcome.failed[movie_id] = f"BigQuery: {refusal.reason}"
    if error := next((reply.error for reply in replies if reply.error), None):
        raise error
    gone = _gone(run, batch, outcome, clients)
    is_outage = _is_outage(batch, outcome, gone, replies)
    if delivery.attempt < clients.settings.max_delivery_attempts:
        _raise_if_late(ids, replies, began)
        if is_outage:
            raise _incomplete(batch, outcome)
    for movie_id in ids[len(replies) :]:
        outcome.failed[movie_id] = "not asked for: the batch took too long"
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
    events = _events(batch, outcome, gone, is_outage=is_outage)
    marker = _mark(batch, counts, events, delivery, clients)
    log.info("batch_stored", extra={"run_id": batch.run_id, **marker})


def _too_late(batch: MovieBatch, clients: Clients) -> datetime | None:
    """Return TMDB's time when it no longer answers with the values of the run's day.

    TMDB is asked only where our own clock says so: on this machine TMDB is simulated,
    and its days lie in the past.
    """
    if days.is_reading_of(batch.run_date, clock.now()):
        return None
    moment = clients.tmdb.now()
    return None if days.is_reading_of(batch.run_date, moment) else moment


def _record_too_late(
    batch: MovieBatch, moment: datetime, delivery: Delivery, clients: Clients
) -> None:
    """End a batch whose day is over: what has not landed by now cannot be had."""
    run = Run.from_id(batch.run_id)
    landed = clients.ledger.landed(run, batch.batch_no) & set(batch.movie_ids)
    lost = [movie_id for movie_id in batch.movie_ids if movie_id not in landed]
    reason = _of_another_day(batch, moment)
    counts = {
        "expected": len(batch.movie_ids),
        "fetched": len(landed),
        "not_found": 0,
        "failed": len(lost),
        "written": len(landed),
        "reason": reason,
    }
    outcome = _Outcome(failed=dict.fromkeys(lost, reason))
    events = _events(batch, outcome, frozenset(), is_outage=False)
    marker = _mark(batch, counts, events, delivery, clients)
    log.error("batch_too_late", extra={"run_id": batch.run_id, **marker})


def _mark(
    batch: MovieBatch,
    counts: Mapping[str, Any],
    events: Sequence[Recorded],
    delivery: Delivery,
    clients: Clients,
) -> dict[str, Any]:
    """Record the events of a batch and, after them, its marker; return the marker."""
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


def _of_another_day(batch: MovieBatch, moment: datetime) -> str:
    return (
        f"too late: TMDB answers with the values of {moment:%Y-%m-%d %H:%M} UTC, "
        f"and the run is of {batch.run_date}"
    )


def _fetch(ids: Sequence[int], began: float, clients: Clients) -> list[Reply]:
    """Return the replies for the ids that there was time for, in their order."""
    replies: list[Reply] = []
    for chunk in batched(ids, IDS_BETWEEN_LOOKS, strict=False):
        if replies and monotonic() - began > clients.settings.fetch_deadline_s:
            break
        replies += clients.tmdb.movies(chunk)
        if any(reply.error for reply in replies):
            break
    return replies


def _gone(
    run: Run, batch: MovieBatch, outcome: _Outcome, clients: Clients
) -> frozenset[int]:
    """Return the movies that TMDB does not have, as on an earlier day."""
    if not outcome.not_found:
        return frozenset()
    gone = clients.ledger.not_found_before(run) & set(outcome.not_found)
    is_few = len(gone) <= max(FEW_MISSING, GONE_SHARE * len(batch.movie_ids))
    return gone if is_few else frozenset()


def _is_outage(
    batch: MovieBatch, outcome: _Outcome, gone: frozenset[int], replies: list[Reply]
) -> bool:
    """Say whether more is missing than single odd movies explain."""
    missing = len(outcome.failed) + len(outcome.not_found) - len(gone)
    if len(batch.movie_ids) == 1:
        return any(reply.is_outage for reply in replies)
    return missing > max(FEW_MISSING, MISSING_SHARE * len(batch.movie_ids))


def _raise_if_late(ids: Sequence[int], replies: list[Reply], began: float) -> None:
    if len(replies) < len(ids):
        raise BatchSlowError(
            f"{len(replies)} of {len(ids)} movies in {monotonic() - began:.0f} s",
            field="movie_ids",
            hint="redelivered automatically, for the rest",
        )


def _incomplete(batch: MovieBatch, outcome: _Outcome) -> BatchIncompleteError:
    reasons = list(outcome.failed.values()) or ["TMDB has no such movie"]
    missing = len(outcome.failed) + len(outcome.not_found)
    return BatchIncompleteError(
        f"{missing} of {len(batch.movie_ids)} movies could not be stored, "
        f"{len(outcome.not_found)} of them not found; the first: {reasons[0]}",
        field="movie_ids",
        hint="redelivered automatically, for the rest; the last delivery records "
        "what is left; see https://status.themoviedb.org",
    )


def _sort(batch: MovieBatch, replies: Iterable[Reply]) -> _Outcome:
    """Make a row of every good reply."""
    about = {
        "run_id": batch.run_id,
        "run_date": batch.run_date.isoformat(),
        "batch_no": batch.batch_no,
    }
    fetched_at = clock.now()
    outcome, odd = _Outcome(), OddFields()
    for reply in replies:
        if reply.failure:
            outcome.failed[reply.movie_id] = reply.failure
        elif not reply.is_found:
            outcome.not_found.append(reply.movie_id)
        else:
            answered_at = reply.answered_at or fetched_at
            if not days.is_reading_of(batch.run_date, answered_at):
                reason = _of_another_day(batch, answered_at)
                outcome.failed[reply.movie_id] = reason
                continue
            moments = {
                "fetched_at": fetched_at.isoformat(),
                "answered_at": answered_at.isoformat(),
            }
            try:
                row = about | moments | to_row(reply.movie_id, reply.movie, odd)
                outcome.rows.append(row)
            except BadMovieError as error:
                outcome.failed[reply.movie_id] = str(error)
    for name, movies in odd.counts.items():
        log.warning(
            "odd_field",
            extra={
                "run_id": batch.run_id,
                "batch_no": batch.batch_no,
                "field": name,
                "movies": movies,
                "example": odd.examples[name],
            },
        )
    return outcome


def _events(
    batch: MovieBatch, outcome: _Outcome, gone: frozenset[int], *, is_outage: bool
) -> list[Recorded]:
    """Make an event of every movie that made no row.

    In an outage a 404 says nothing about the movie: it is recorded as failed, or a
    second day of the outage would take the movie for gone.
    """
    missing = dict.fromkeys(outcome.not_found, "TMDB has no such movie, today")
    missing |= dict.fromkeys(gone, "TMDB has no such movie, as on an earlier day")
    for movie_id, reason in (outcome.failed | missing).items():
        log.warning(
            "movie_failed",
            extra={"run_id": batch.run_id, "movie_id": movie_id, "reason": reason},
        )
    return [
        (
            Event.MOVIE_NOT_FOUND
            if movie_id in missing and (movie_id in gone or not is_outage)
            else Event.MOVIE_FAILED,
            {"movie_id": movie_id, "batch_no": batch.batch_no, "reason": reason},
        )
        for movie_id, reason in (outcome.failed | missing).items()
    ]
