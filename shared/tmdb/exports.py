"""Parse TMDB's daily ID exports: one ExportRow per movie.

An export is newline-delimited JSON, one movie per line, about 1.1 million lines:
{"adult":false,"id":3924,"original_title":"Blondie","popularity":3.4531,"video":false}

It is read line by line, so that no file is in memory as a whole. Most lines have one
regular form, which a pattern reads ten times faster than a JSON parser; any other line
is parsed as JSON. Source: https://developer.themoviedb.org/docs/daily-id-exports
"""

import json
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import inf

from shared.errors import TransientError
from shared.interfaces import ExportRow

log = logging.getLogger(__name__)

_USUAL = re.compile(
    rb'\{"adult":(?P<adult>true|false),"id":(?P<id>\d{1,18}),"original_title":"'
    rb'(?:[^"\\]|\\.)*","popularity":(?P<popularity>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?),'
    rb'"video":(?P<video>true|false)\}\s*'
)


class ExportError(TransientError):
    """An export that cannot be used; `day` is its date."""

    def __init__(self, reason: str, day: date) -> None:
        super().__init__(
            reason,
            field="date",
            hint=f'ask again later: {{"mode": "history_day", "date": "{day}"}}; '
            "TMDB keeps exports for about 3 months",
        )
        self.day = day


class ExportMissingError(ExportError):
    """TMDB has no export of that day, but has those of other days."""


class ExportNotYetError(ExportMissingError):
    """The export is not published yet, or the file server has none at all.

    It has to be requested again. is_outage: the file server has none at all.
    """

    def __init__(self, reason: str, day: date, *, is_outage: bool = False) -> None:
        super().__init__(reason, day)
        self.is_outage = is_outage


class ExportDamagedError(ExportError):
    """The file is truncated, corrupt or empty; none of it is used."""


DUE = timedelta(days=1, hours=8)
"""After its day has begun. TMDB publishes at about 08:00 UTC of the day, sometimes
later: an export that is not available a day later is missing."""

FEW_BAD_LINES = 10
BAD_LINES_SHARE = 0.01
"""An export with more than 10 bad lines, and more than 1 %, is rejected: a day needs a
coverage of 99 %."""

LARGEST_ID = 2**27
"""80 times the newest id of 2026. A larger number is not an id and would use memory."""


def is_due(day: date, moment: datetime) -> bool:
    """Return whether an export that is not available at a moment counts as missing."""
    return moment >= datetime.combine(day, time(), UTC) + DUE


def other_days(day: date, moment: datetime) -> list[date]:
    """Return days whose exports prove that the file server works, newest first."""
    due = (moment - DUE).date()
    days = (due - timedelta(days=ago) for ago in range(4))
    return [other for other in days if other != day][:3]


def read_lines(lines: Iterable[bytes], day: date) -> Iterator[ExportRow]:
    """Yield each movie of an export once; bad lines are skipped, counted and logged.

    Raises ExportDamagedError, at the end, if they are too many or no line is a movie.
    """
    seen = _Ids()
    good = bad = repeated = 0
    example = ""
    for line in lines:
        try:
            row = _row(line)
        except _BadLineError as error:
            bad += 1
            example = example or str(error)
            continue
        if row is None:
            continue
        good += 1
        if seen.add(row.movie_id):
            yield row
        else:
            repeated += 1
    if not good:
        raise ExportDamagedError(f"the export of {day} holds no movie", day)
    if bad > max(FEW_BAD_LINES, BAD_LINES_SHARE * (good + bad)):
        raise ExportDamagedError(
            f"{bad} of {good + bad} lines of the export of {day} are not movies, "
            f"the first: {example}",
            day,
        )
    if bad or repeated:
        log.warning(
            "export_lines_skipped",
            extra={"day": day, "bad": bad, "repeated": repeated, "example": example},
        )


class _BadLineError(Exception):
    """A line that is not a movie; the text shows it."""


class _Ids:
    """A set of ids as bits: 1.2 million of them in 200 kB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, movie_id: int) -> bool:
        """Add an id; False if it was in the set before."""
        place, bit = movie_id >> 3, 1 << (movie_id & 7)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        is_new = not self._bits[place] & bit
        self._bits[place] |= bit
        return is_new


def _row(line: bytes) -> ExportRow | None:
    """Parse a line; None if it is empty."""
    if match := _USUAL.fullmatch(line):
        movie_id: object = int(match["id"])
        popularity: object = float(match["popularity"])
        is_feature = match["adult"] == match["video"] == b"false"
    elif not line.strip():
        return None
    else:
        try:
            movie = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _BadLineError(repr(line[:60])) from error
        if not isinstance(movie, dict):
            raise _BadLineError(repr(line[:60]))
        movie_id, popularity = movie.get("id"), movie.get("popularity")
        is_feature = not (movie.get("adult") or movie.get("video"))
    if (
        not isinstance(movie_id, int)
        or isinstance(movie_id, bool)
        or not 0 < movie_id <= LARGEST_ID
    ):
        raise _BadLineError(repr(line[:60]))
    return ExportRow(movie_id, _popularity(popularity), is_feature)


def _popularity(value: object) -> float | None:
    """Return a measured popularity; None for anything else, never 0.0."""
    try:
        number = float(value) if isinstance(value, int | float | str) else -1.0
    except (ValueError, OverflowError):
        return None
    is_measured = 0 <= number < inf and not isinstance(value, bool)
    return number if is_measured else None
