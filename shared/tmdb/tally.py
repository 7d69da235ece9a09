"""Tally: what one question to TMDB took so far, and what its last answer was."""

from dataclasses import dataclass
from datetime import datetime

from shared.errors import TmdbUnavailableError
from shared.tmdb.bodies import UnreadableError
from shared.tmdb.connection import RetriedError

UNREADABLE_TRIES = 5
"""A 200 without what was asked for is tried so often. Where a third of all answers is
spoilt, one movie of 250 is lost; a movie that TMDB cannot tell costs about 2 s."""


@dataclass(slots=True)
class Tally:
    """What became of one question, asked as often as it was."""

    requests: int = 0
    throttled: int = 0
    unreadable: int = 0
    refused: int = 0
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `body` is None where it is no JSON, `unreadable` then says why."""

    status: int
    pause_s: float | None
    sent_at: float
    body: object = None
    unreadable: str = ""


def unreadable(answer: Answer, tally: Tally, path: str) -> Exception:
    """Return what a 200 without what was asked for comes to."""
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
