"""Transform: a movie as TMDB tells it in, a row of movie_details_raw out. Pure.

TMDB writes unknown as "" (dates, homepage, imdb_id) or 0 (budget, revenue, runtime);
we store NULL. Unknown fields are ignored, every field but the id may be missing. A
field of the wrong type refuses this one movie, naming the field.
Shapes: https://developer.themoviedb.org/reference/movie-details
"""

from collections.abc import Callable, Mapping
from datetime import date
from textwrap import shorten
from typing import Any, NoReturn


class BadMovieError(Exception):
    """TMDB's answer for one movie cannot be stored; the text names the field."""


def to_row(movie_id: int, movie: object) -> dict[str, Any]:
    """Return the columns of movie_details_raw that come from TMDB.

    Raises BadMovieError; the batch goes on without this movie.
    """
    if not isinstance(movie, dict):
        _refuse("the answer", movie, "an object")
    if movie.get("id") != movie_id:
        _refuse("id", movie.get("id"), str(movie_id))
    row: dict[str, Any] = {"movie_id": movie_id}
    for name, convert in _COLUMNS.items():
        row[name] = convert(name, movie.get(name))
    collection = _object("belongs_to_collection", movie.get("belongs_to_collection"))
    row["collection_id"] = _integer("belongs_to_collection.id", collection.get("id"))
    row["collection_name"] = _text("belongs_to_collection.name", collection.get("name"))
    return row


def _refuse(name: str, value: object, wanted: str) -> NoReturn:
    shown = shorten(repr(value), width=60, placeholder="...")
    raise BadMovieError(f"{name} is {shown}, not {wanted}")


def _text(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        _refuse(name, value, "text")
    # A lone surrogate is valid JSON and no valid UTF-8: BigQuery would refuse it.
    return value.encode(errors="replace").decode()


def _integer(name: str, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name, value, "a number")
    if value != value or value in (float("inf"), float("-inf")) or value != int(value):  # noqa: PLR0124 - NaN
        _refuse(name, value, "a whole number")
    if not -(2**63) <= value < 2**63:
        _refuse(name, value, "a 64-bit number")
    return int(value)


def _amount(name: str, value: object) -> int | None:
    """Read dollars or minutes, where TMDB's 0 means that nobody knows."""
    return _integer(name, value) or None


def _count(name: str, value: object) -> int | None:
    number = _integer(name, value)
    if number is not None and number < 0:
        _refuse(name, value, "0 or more")
    return number


def _measure(name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(name, value, "a number")
    if not 0 <= value < float("inf"):
        _refuse(name, value, "0 or more")
    return float(value)


def _flag(name: str, value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    _refuse(name, value, "true or false")


def _day(name: str, value: object) -> str | None:
    text = _text(name, value)
    if text is None:
        return None
    try:
        # TMDB has for hours at a time sent "2023-10-06 00:00:00 UTC" for a day.
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError:
        _refuse(name, value, "a day as YYYY-MM-DD")


def _object(name: str, value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        _refuse(name, value, "an object")
    return value


def _objects(**columns: Callable[[str, object], Any]) -> Callable[[str, object], Any]:
    def convert(name: str, value: object) -> list[dict[str, Any]]:
        return [
            {
                column: read(f"{name}.{column}", _object(name, item).get(column))
                for column, read in columns.items()
            }
            for item in _list(name, value)
        ]

    return convert


def _list(name: str, value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        _refuse(name, value, "a list")
    # BigQuery stores no NULL in an array.
    return [item for item in value if item is not None]


def _texts(name: str, value: object) -> list[str]:
    texts = (_text(name, item) for item in _list(name, value))
    return [text for text in texts if text is not None]


_COLUMNS: dict[str, Callable[[str, object], Any]] = {
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
    "origin_country": _texts,
    "poster_path": _text,
    "backdrop_path": _text,
    "popularity": _measure,
    "vote_count": _count,
    "vote_average": _measure,
}
"""Column -> how to read TMDB's field of the same name."""
