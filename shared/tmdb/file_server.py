"""TMDB's file server: check for a day's export, and stream its rows."""

import gzip
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import date, datetime
from http import HTTPStatus
from typing import Any, cast

import requests
import urllib3

from shared.clock import now
from shared.interfaces import ExportRow
from shared.tmdb.answered import answered_at
from shared.tmdb.connection import Connection, RetriedError
from shared.tmdb.exports import (
    ExportDamagedError,
    ExportMissingError,
    ExportNotYetError,
    is_due,
    other_days,
    read_lines,
)
from shared.tmdb.rate_limit import retry_after_s
from shared.tmdb.statuses import verdict

_ABSENT = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN})
"""The file server is a bucket: it may answer 403 for a missing file."""


class FileServer:
    """The daily ID exports below `url`; requests have no credential."""

    def __init__(self, url: str, connection: Connection) -> None:
        self._url = url.rstrip("/")
        self._connection = connection

    def has_export(self, day: date) -> bool:
        """Return whether the file server has a day's export, without reading it."""
        name = _file_name(day)

        def read() -> bool:
            with self._get(name) as response:
                if response.status_code in _ABSENT:
                    return False
                self._refuse_failure(response, name)
                return True

        return self._connection.retrying(read, name)

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        """Stream one day's ID export through `fold`, all of it or nothing.

        `fold` runs again if the connection breaks. Raises ExportMissingError,
        ExportNotYetError (has to be requested again) and ExportDamagedError (truncated
        or corrupt; none of it was used).
        """
        name = _file_name(day)

        def read() -> T:
            with self._get(name) as response:
                if response.status_code in _ABSENT:
                    raise self._absence(day, answered_at(response.headers, now()))
                self._refuse_failure(response, name)
                return _folded(response, day, fold)

        return self._connection.retrying(read, name)

    def _absence(self, day: date, moment: datetime) -> Exception:
        """Return the error of an unavailable export; `moment` is TMDB's time."""
        if not is_due(day, moment):
            return ExportNotYetError(f"TMDB has no export of {day} yet", day)
        for other in other_days(day, moment):
            with self._get(_file_name(other)) as response:
                if response.status_code == HTTPStatus.OK:
                    return ExportMissingError(f"TMDB has no export of {day}", day)
        return ExportNotYetError(
            f"TMDB's file server has no export of {day} and of no other day either",
            day,
            is_outage=True,
        )

    def _get(self, name: str) -> requests.Response:
        self._connection.wait_turn()
        return self._connection.get(f"{self._url}/{name}", stream=True)

    def _refuse_failure(self, response: requests.Response, name: str) -> None:
        if (status := response.status_code) != HTTPStatus.OK:
            pause_s = retry_after_s(response.headers.get("Retry-After"))
            judged = verdict(status, None)
            raise self._connection.failure(judged, status, pause_s, name)


def _folded[T](
    response: requests.Response, day: date, fold: Callable[[Iterator[ExportRow]], T]
) -> T:
    name = _file_name(day)
    try:
        with gzip.GzipFile(fileobj=cast("Any", response.raw)) as lines:
            rows = read_lines(lines, day)
            folded = fold(rows)
            # Only at the end is it known whether a gzip file is complete.
            deque(rows, maxlen=0)
            return folded
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if isinstance(error, gzip.BadGzipFile):
            raise ExportDamagedError(f"{name} is corrupt", day) from error
        raise RetriedError(f"{name}: {type(error).__name__}") from error
    except (EOFError, zlib.error) as error:
        raise ExportDamagedError(f"{name} is damaged", day) from error


def _file_name(day: date) -> str:
    return f"movie_ids_{day:%m_%d_%Y}.json.gz"
