"""Convert TMDB's JSON of a movie to a row of movie_details_raw. Pure.

TMDB writes unknown values as "" (dates, homepage, imdb_id) or 0 (budget, revenue,
runtime); they become NULL. Unknown fields are ignored, every field but the id may be
missing, and numbers may be text. Only a wrong id or a wrong measured number makes the
whole row fail. Any other field of a wrong type becomes NULL, a wrong item of a list is
dropped, and both are counted.

Shapes: https://developer.themoviedb.org/reference/movie-details
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from reprlib import repr as shortened
from typing import Any, NoReturn

MEASURED = frozenset({"popularity", "vote_count", "vote_average"})
"""The measured numbers: a row must not lack one that TMDB has sent."""

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?", re.ASCII)


class BadMovieError(Exception):
    """TMDB's answer for one movie cannot be stored; the text names the field."""


@dataclass(slots=True)
class OddFields:
    """Fields of a wrong type: how often, and one example each."""

    counts: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, what: str) -> None:
        """Count one occurrence."""
        self.counts[name] = self.counts.get(name, 0) + 1
        self.examples.setdefault(name, what)


class _OddError(Exception):
    """A value has the wrong type for its field."""


type Read = Callable[[object, OddFields, str], Any]
"""A value, the counter of odd values in it, and the field's name."""


def to_row(
    movie_id: int, movie: object, odd: OddFields | None = None
) -> dict[str, Any]:
    """Return the columns of movie_details_raw that come from TMDB.

    Raises BadMovieError; the batch continues without this movie. Other odd values are
    counted in `odd`.
    """
    odd = OddFields() if odd is None else odd
    if not isinstance(movie, dict):
        raise BadMovieError(f"the answer is {shortened(movie)}, not an object")
    answered_id = movie.get("id")
    if isinstance(answered_id, bool) or answered_id != movie_id:
        raise BadMovieError(f"id is {shortened(answered_id)}, not {movie_id}")
    row: dict[str, Any] = {"movie_id": movie_id}
    for name, read in _COLUMNS.items():
        if name in MEASURED:
            try:
                row[name] = read(_known(movie.get(name)), odd, name)
            except _OddError as error:
                raise BadMovieError(f"{name} is {error}") from None
        else:
            row[name] = _read(read, movie.get(name), odd, name)
    for name, columns in _OBJECTS.items():
        values = _read(_object, movie.get(name), odd, name)
        for column, (key, read) in columns.items():
            row[column] = _read(read, values.get(key), odd, f"{name}.{key}")
    return row


def _read(read: Read, value: object, odd: OddFields, name: str) -> Any:  # noqa: ANN401 - any column's
    """Read a field; a value of a wrong type is counted and becomes None."""
    try:
        return read(_known(value), odd, name)
    except _OddError as error:
        odd.add(name, str(error))
        return read(None, odd, name)


def _known(value: object) -> object:
    """Return None for "", which means unknown."""
    return None if value == "" else value


def _refuse(value: object, wanted: str) -> NoReturn:
    raise _OddError(f"{shortened(value)}, not {wanted}")


def _text(value: object, _: OddFields, __: str) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        _refuse(value, "text")
    # A lone surrogate is valid in JSON but not in UTF-8: BigQuery would reject it.
    return value.encode(errors="replace").decode()


def _number(value: object) -> int | float:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        text = value.strip()
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(value, "a number")
    return value


def _integer(value: object, _: OddFields, __: str) -> int | None:
    if value is None:
        return None
    number = _number(value)
    if not -(2**63) <= number < 2**63:  # neither is NaN
        _refuse(value, "a 64-bit number")
    if number != int(number):
        _refuse(value, "a whole number")
    return int(number)


def _amount(value: object, odd: OddFields, name: str) -> int | None:
    """Read dollars or minutes; 0 means unknown."""
    return _integer(value, odd, name) or None


def _count(value: object, odd: OddFields, name: str) -> int | None:
    number = _integer(value, odd, name)
    if number is not None and number < 0:
        _refuse(value, "0 or more")
    return number


def _measure(value: object, _: OddFields, __: str) -> float | None:
    if value is None:
        return None
    number = _number(value)
    if not 0 <= number < LARGEST_MEASURE:
        _refuse(value, "0 or more")
    return float(number)


LARGEST_MEASURE = 1e12
"""Popularity has reached some thousands; a larger number is wrong."""


def _flag(value: object, _: OddFields, __: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    _refuse(value, "true or false")


def _day(value: object, odd: OddFields, name: str) -> str | None:
    text = _text(value, odd, name)
    if text is None:
        return None
    try:
        # For hours at a time, TMDB has sent dates as "2023-10-06 00:00:00 UTC".
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        _refuse(value, "a day as YYYY-MM-DD")


def _object(value: object, _: OddFields, __: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(value, "an object")
    return value


def _objects(**columns: Read) -> Read:
    def read(value: object, odd: OddFields, name: str) -> dict[str, Any]:
        item = _object(value, odd, name)
        return {
            column: _read(read, item.get(column), odd, f"{name}.{column}")
            for column, read in columns.items()
        }

    return _list_of(read)


def _list_of(read: Read) -> Read:
    """Read a list item by item; an odd item is counted and dropped."""

    def read_all(value: object, odd: OddFields, name: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            _refuse(value, "a list")
        items = []
        for item in value:
            # BigQuery stores no NULL in an array.
            if _known(item) is not None:
                try:
                    items.append(read(item, odd, name))
                except _OddError as error:
                    odd.add(name, str(error))
        return items

    return read_all


_COLUMNS: dict[str, Read] = {
    "title": _text,
    "original_title": _text,
    "original_language": _text,
    "overview": _text,
    "release_date": _day,
    "runtime": _amount,
    "budget": _amount,
    "revenue": _amount,
    "status": _text,
    "tagline": _text,
    "homepage": _text,
    "imdb_id": _text,
    "adult": _flag,
    "video": _flag,
    "genres": _objects(id=_integer, name=_text),
    "production_companies": _objects(
        id=_integer, name=_text, logo_path=_text, origin_country=_text
    ),
    "production_countries": _objects(iso_3166_1=_text, name=_text),
    "spoken_languages": _objects(iso_639_1=_text, name=_text, english_name=_text),
    "origin_country": _list_of(_text),
    "poster_path": _text,
    "backdrop_path": _text,
    "popularity": _measure,
    "vote_count": _count,
    "vote_average": _measure,
}
"""Column -> how to read TMDB's field of the same name."""
_OBJECTS: Mapping[str, Mapping[str, tuple[str, Read]]] = {
    "belongs_to_collection": {
        "collection_id": ("id", _integer),
        "collection_name": ("name", _text),
    },
    # Requested where the deployment has wikipedia: shared/tmdb/client.py.
    "external_ids": {"wikidata_id": ("wikidata_id", _text)},
}
"""TMDB's object -> column -> its field there, and how to read it."""
