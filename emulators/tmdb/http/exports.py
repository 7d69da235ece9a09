"""The daily ID export: gzipped JSON lines, one per movie, with the export's faults.

In: a `Source`, the day of the file, today. Out: the bytes of the file, or None if TMDB
has none (S3 then answers 404).
"""

import gzip
import json
from collections import OrderedDict
from datetime import date, datetime, timedelta
from threading import Lock

from emulators.tmdb.catalogue.source import Source
from emulators.tmdb.http.faults import Faults

KEPT_DAYS = 90
_REMEMBERED_FILES = 12
_PREFIX, _SUFFIX = "movie_ids_", ".json.gz"
_LINE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Exports:
    """The files under /p/exports."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._files: OrderedDict[date, bytes] = OrderedDict()
        self._lock = Lock()

    def file(self, name: str, today: date, faults: Faults) -> bytes | None:
        """Return a file's bytes; None if there is no such file today."""
        day = _day_of(name)
        if day is None or not self._kept(day, today) or day in faults.missing_exports:
            return None
        content = self._content(day)
        if content is None:
            return None
        if day in faults.truncated_exports:
            return content[: len(content) * 2 // 3]
        if day in faults.corrupt_exports:
            middle = len(content) // 2
            return content[:middle] + bytes(64) + content[middle + 64 :]
        return content

    def _kept(self, day: date, today: date) -> bool:
        oldest = max(today - timedelta(days=KEPT_DAYS), self._source.first_day)
        return oldest <= day <= min(today, self._source.last_day)

    def _content(self, day: date) -> bytes | None:
        with self._lock:
            content = self._files.get(day)
            if content is None:
                content = self._make(day)
                self._files[day] = content
            self._files.move_to_end(day)
            if len(self._files) > _REMEMBERED_FILES:
                self._files.popitem(last=False)
        return content or None

    def _make(self, day: date) -> bytes:
        lines = [_LINE.encode(line) + "\n" for line in self._source.export(day)]
        text = "".join(lines).encode()
        # No modification time: the same day gives the same bytes.
        return gzip.compress(text, compresslevel=5, mtime=0) if lines else b""


def _day_of(name: str) -> date | None:
    if not (name.startswith(_PREFIX) and name.endswith(_SUFFIX)):
        return None
    middle = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    try:
        day = datetime.strptime(middle, "%m_%d_%Y").date()  # noqa: DTZ007 - a date
    except ValueError:
        return None
    return day if day.strftime("%m_%d_%Y") == middle else None
