"""Count the requests that one result took, and keep what its last answer was."""

from dataclasses import dataclass
from datetime import datetime

from shared.errors import TmdbUnavailableError
from shared.tmdb.bodies import UnreadableError
from shared.tmdb.connection import RetriedError

UNREADABLE_TRIES = 5
"""Attempts after a 200 without the requested content. If a third of all answers are
bad, one movie of 250 is lost; a movie that TMDB cannot return takes about 2 s."""


@dataclass(slots=True)
class Tally:
    """The attempts of one request so far."""

    requests: int = 0
    throttled: int = 0
    unreadable: int = 0
    refused: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `body` is None if it is not JSON, `unreadable` then says why."""

    status: int
    pause_s: float | None
    sent_at: float
    body: object = None
    unreadable: str = ""


def unreadable(answer: Answer, tally: Tally, path: str) -> Exception:
    """Return the outcome of a 200 without the requested content."""
    reason = answer.unreadable or "unexpected JSON"
    tally.unreadable += 1
    if tally.unreadable < UNREADABLE_TRIES:
        return RetriedError(reason)
    error = TmdbUnavailableError(
        f"{path}: 200 with {reason}",
        field="TMDB",
        hint="retried automatically; see docs/surprises.md",
    )
    error.__cause__ = UnreadableError(reason)
    return error
