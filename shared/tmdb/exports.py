"""Daily ID exports: the lines of a file in, one ExportRow per movie out.

Newline-delimited JSON, one movie a line, about 1.1 million lines:
{"adult":false,"id":3924,"original_title":"Blondie","popularity":3.4531,"video":false}
Read line by line, so that no file is ever whole in memory. The lines' shape is so
regular that a pattern reads most of them, ten times faster than a JSON parser; a line
that does not fit is parsed as JSON.
Source: https://developer.themoviedb.org/docs/daily-id-exports
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import date

from shared.errors import TransientError
from shared.ports import ExportRow

_USUAL = re.compile(
    rb'\{"adult":(?P<adult>true|false),"id":(?P<id>\d+),"original_title":"'
    rb'(?:[^"\\]|\\.)*","popularity":(?P<popularity>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?),'
    rb'"video":(?P<video>true|false)\}\s*'
)


class ExportError(TransientError):
    """An export that cannot be used; `day` is its date."""

    def __init__(self, reason: str, day: date) -> None:
        super().__init__(
            reason,
            field="date",
            remedy=f'ask again later: {{"mode": "history", "date": "{day}"}}; '
            "TMDB keeps exports for about 3 months",
        )
        self.day = day


class ExportMissingError(ExportError):
    """TMDB has no export of that day: not yet written, or older than 3 months."""


class ExportDamagedError(ExportError):
    """The file is truncated, corrupt or empty: none of it is used."""


def read_lines(lines: Iterable[bytes], day: date) -> Iterator[ExportRow]:
    """Yield each movie of an export; ExportDamagedError if there are none."""
    count = 0
    for line in lines:
        if (row := _row(line, day)) is not None:
            count += 1
            yield row
    if not count:
        raise ExportDamagedError(f"the export of {day} is empty", day)


def _row(line: bytes, day: date) -> ExportRow | None:
    if match := _USUAL.fullmatch(line):
        is_feature = match["adult"] == match["video"] == b"false"
        return ExportRow(int(match["id"]), float(match["popularity"]), is_feature)
    if not line.strip():
        return None
    try:
        movie = json.loads(line)
        return ExportRow(
            movie_id=int(movie["id"]),
            popularity=float(movie.get("popularity") or 0.0),
            is_feature=not (movie.get("adult") or movie.get("video")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ExportDamagedError(
            f"the export of {day} holds a line that is no movie", day
        ) from error
