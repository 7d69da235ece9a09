"""Serve recorded series or responses instead of invented movies.

In: a CSV of daily values (date, tmdb_id, title, release_date, original_language,
popularity, vote_count, vote_average), or a folder of recorded exchanges.
Out: a `Source` that serves exactly the rows of each date; a table of exact answers.
"""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from emulators.tmdb.catalogue.source import Json, Readers

type Query = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded answer with its relevant headers."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Replay:
    """The movies of a CSV series; a movie not listed on a day does not exist then."""

    def __init__(self, series: Path) -> None:
        self._days: dict[date, dict[int, Json]] = {}
        with series.open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                day = date.fromisoformat(line["date"])
                row = _list_row(line)
                self._days.setdefault(day, {})[int(line["tmdb_id"])] = row
        self.first_day = min(self._days)
        self.last_day = max(self._days)
        self.lists_lag = False

    def __len__(self) -> int:
        return len({movie_id for rows in self._days.values() for movie_id in rows})

    def details(self, movie_id: int, day: date) -> Json | None:
        """Return the day's values; fields that the series lacks are empty."""
        row = self._rows(day).get(movie_id)
        return None if row is None else _details(row)

    def list_row(self, movie_id: int, day: date) -> Json:
        """Return a movie as discover and popular show it."""
        return self._rows(day)[movie_id]

    def flags(self, movie_id: int) -> tuple[bool, bool]:
        """Return no flags: the series has none."""
        del movie_id
        return False, False

    def by_popularity(self, day: date) -> Sequence[int]:
        """Return the day's ids, highest popularity first."""
        rows = self._rows(day)
        return sorted(rows, key=lambda m: (-float(str(rows[m]["popularity"])), m))

    def changes(
        self, first: date, last: date, now: date
    ) -> Sequence[tuple[int, bool | None]]:
        """Return nothing: the series holds no edits."""
        del first, last, now
        return ()

    def last_24_hours(self, now: date) -> Sequence[tuple[int, bool | None]]:
        """Return nothing: the series holds no edits."""
        del now
        return ()

    def export(self, day: date) -> Iterable[Json]:
        """Return exactly the day's movies."""
        fields = ("adult", "id", "original_title", "popularity", "video")
        rows = self._rows(day)
        return [{name: rows[m][name] for name in fields} for m in sorted(rows)]

    def movie_with_imdb_id(self, imdb_id: str) -> int | None:
        """Return None: the series has no imdb ids."""
        del imdb_id
        return None

    def articles(self, day: date) -> Mapping[str, str]:
        """Return none: recorded series have no articles."""
        del day
        return {}

    def readers(self, day: date) -> Sequence[Readers]:
        """Return none."""
        del day
        return ()

    def breakouts(self) -> Sequence[Json]:
        """Return nothing: the series has no labels."""
        return ()

    def _rows(self, day: date) -> dict[int, Json]:
        return self._days.get(day, {})


def read_recordings(folder: Path) -> dict[tuple[str, Query], Recording]:
    """Return the recorded answers by path and query."""
    answers: dict[tuple[str, Query], Recording] = {}
    for file in sorted(folder.glob("*.json")):
        exchange = json.loads(file.read_text(encoding="utf-8"))
        query = frozenset((str(k), str(v)) for k, v in exchange["params"])
        body = json.dumps(exchange["body"], ensure_ascii=False, separators=(",", ":"))
        kept = {
            name: exchange["headers"][name]
            for name in ("ETag", "Cache-Control")
            if name in exchange["headers"]
        }
        answers[exchange["path"], query] = Recording(
            exchange["status"], body.encode(), kept
        )
    return answers


def _list_row(line: Mapping[str, str]) -> Json:
    return {
        "adult": False,
        "backdrop_path": None,
        "genre_ids": [],
        "id": int(line["tmdb_id"]),
        "title": line["title"],
        "original_language": line["original_language"],
        "original_title": line["title"],
        "overview": "",
        "popularity": float(line["popularity"]),
        "poster_path": None,
        "release_date": line["release_date"],
        "softcore": False,
        "video": False,
        "vote_average": float(line["vote_average"]),
        "vote_count": int(line["vote_count"]),
    }


def _details(row: Json) -> Json:
    empty: Json = {
        "belongs_to_collection": None,
        "budget": 0,
        "genres": [],
        "homepage": "",
        "imdb_id": None,
        "origin_country": [],
        "production_companies": [],
        "production_countries": [],
        "revenue": 0,
        "runtime": 0,
        "spoken_languages": [],
        "status": "Released",
        "tagline": "",
    }
    known = {name: value for name, value in row.items() if name != "genre_ids"}
    return dict(sorted((empty | known).items()))
