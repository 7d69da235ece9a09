"""Sort TMDB's replies into rows and missing movies, and recognize an outage."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.fetch_details.transform import BadMovieError, OddFields, to_row
from shared import clock, days
from shared.errors import BatchIncompleteError
from shared.interfaces import Reply, Row
from shared.messages import MovieBatch
from shared.runs import Event

log = logging.getLogger(__name__)

FEW_MISSING = 1
MISSING_SHARE = 0.04
"""If more than one movie and more than 4 % of a batch (3 of 50, 2 of 3) are missing,
for any reasons, the cause is common: the batch is redelivered. Fewer missing movies are
single cases and are recorded at once.

Why these numbers: TMDB deletes or breaks at most one of 1,000 tracked movies a day.
Then 3 or more of 50 are missing by chance once in 50,000 batches, or once in 7 years at
20 batches a day, and that only costs a delay: the last delivery records what is
missing. A fault that affects fewer than 3 of 50 after all retries costs a day at most
4 %, which its coverage shows. A batch of one movie cannot distinguish the two: it is
redelivered while TMDB is unavailable, and recorded if only its movie is bad."""

type Recorded = tuple[Event, Row]


@dataclass(slots=True)
class Outcome:
    """The results of the ids of one delivery."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    """Movie -> why it could not be stored."""
    not_found: list[int] = field(default_factory=list)
    """Movies that TMDB does not have."""


def sort_replies(batch: MovieBatch, replies: Iterable[Reply]) -> Outcome:
    """Convert every good reply to a row."""
    about = {
        "run_id": batch.run_id,
        "run_date": batch.run_date.isoformat(),
        "batch_no": batch.batch_no,
    }
    fetched_at = clock.now()
    outcome, odd = Outcome(), OddFields()
    for reply in replies:
        if reply.failure:
            outcome.failed[reply.movie_id] = reply.failure
        elif not reply.is_found:
            outcome.not_found.append(reply.movie_id)
        else:
            answered_at = reply.answered_at or fetched_at
            if not days.is_reading_of(batch.run_date, answered_at):
                reason = too_late_reason(batch, answered_at)
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


def events_of(
    batch: MovieBatch, outcome: Outcome, gone: frozenset[int], *, is_outage: bool
) -> list[Recorded]:
    """Return an event for every movie without a row.

    In an outage a 404 says nothing about the movie: it is recorded as failed, because
    otherwise the movie would count as deleted on the outage's second day.
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


def has_common_cause(
    batch: MovieBatch, outcome: Outcome, gone: frozenset[int], replies: list[Reply]
) -> bool:
    """Return whether more is missing than single bad movies explain."""
    missing = len(outcome.failed) + len(outcome.not_found) - len(gone)
    if len(batch.movie_ids) == 1:
        return any(reply.is_outage for reply in replies)
    return missing > max(FEW_MISSING, MISSING_SHARE * len(batch.movie_ids))


def incomplete_error(batch: MovieBatch, outcome: Outcome) -> BatchIncompleteError:
    """Return the error that makes Pub/Sub redeliver: counts and the first reason."""
    reasons = list(outcome.failed.values()) or ["TMDB has no such movie"]
    missing = len(outcome.failed) + len(outcome.not_found)
    return BatchIncompleteError(
        f"{missing} of {len(batch.movie_ids)} movies could not be stored, "
        f"{len(outcome.not_found)} of them not found; the first: {reasons[0]}",
        field="movie_ids",
        hint="redelivered automatically, for the rest; the last delivery records "
        "what is left; see https://status.themoviedb.org",
    )


def too_late_reason(batch: MovieBatch, moment: datetime) -> str:
    """Return why an answer of this time does not describe the run's day."""
    return (
        f"too late: TMDB answers with the values of {moment:%Y-%m-%d %H:%M} UTC, "
        f"and the run is of {batch.run_date}"
    )
