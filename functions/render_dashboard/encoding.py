"""Encode the page's data: columns of small integers and codes, compressed.

Columns instead of rows need a third of the size. A series is a text with one letter per
day, which gzip compresses almost optimally.
"""

import base64
import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

FINE_BELOW = 10
"""Popularity below it is kept in hundredths, above it in tenths."""
FINE_RANKS = 1_000
"""The past of movies of a later rank is kept to the nearest 2 %: half the bytes."""
_STEPS_PER_E = 50
_LEAST_POPULARITY = 0.01
DECIMALS = 1
_FIRST_POINT = ord("0")
_SURROGATES = range(0xD800, 0xE000)


def compress(data: Mapping[str, Any]) -> str:
    """Return JSON as base64 of gzip; the same data gives the same text."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def columns(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Turn rows into columns; a column of few distinct texts becomes codes."""
    if not rows:
        return {}
    found = {name: _column(name, [row[name] for row in rows]) for name in rows[0]}
    if "popularity" in found:
        found["popularity"] = [
            _popularity_series(row["popularity"], row["popularity_rank"])
            for row in rows
        ]
    return found


def _column(name: str, values: list[Any]) -> object:
    if encode := _ENCODERS.get(name):
        return [encode(value) for value in values]
    if name == "genres":
        words = sorted({genre for of in values for genre in of})
        codes = {word: code for code, word in enumerate(words)}
        return {"words": words, "codes": [[codes[g] for g in of] for of in values]}
    if any(isinstance(value, str) for value in values):
        return _texts(values)
    return [
        round(value, DECIMALS) if isinstance(value, float) else value
        for value in values
    ]


def _texts(values: list[str | None]) -> object:
    words = sorted({value for value in values if value is not None})
    if len(words) > len(values) / 2:
        return values
    codes = {word: code for code, word in enumerate(words)}
    return {
        "words": words,
        "codes": [None if value is None else codes[value] for value in values],
    }


def popularity_code(value: float | None) -> int | None:
    """Write popularity as hundredths below 10, and above as tenths from 1,000 up."""
    if value is None:
        return None
    hundredths = round(value * 100)
    if hundredths < FINE_BELOW * 100:
        return hundredths
    return FINE_BELOW * 90 + round(value * 10)


def _votes_code(value: float | None) -> int | None:
    """Write votes of a day as sixths: after a gap they are halves or thirds."""
    return None if value is None else round(value * 6)


def steps(codes: Iterable[int | None]) -> Iterator[int | None]:
    """Write each value as its difference from the one before, over gaps too."""
    last = 0
    for code in codes:
        yield None if code is None else code - last
        last = last if code is None else code


def letters(numbers: Iterable[int | None]) -> str:
    """Write whole numbers as letters: 0, -1, 1, -2 ... from "0" on; a gap is " ".

    The code points that UTF-8 has no bytes for are left out.
    """
    return "".join(map(_letter, numbers))


def _letter(number: int | None) -> str:
    if number is None:
        return " "
    point = _FIRST_POINT + (2 * number if number >= 0 else -2 * number - 1)
    return chr(point if point < _SURROGATES.start else point + len(_SURROGATES))


def coarse_code(value: float | None) -> int | None:
    """Write popularity as steps of 2 % from 0.01, which is 1; nothing is 0."""
    if value is None or value <= 0:
        return None if value is None else 0
    size = max(value, _LEAST_POPULARITY) / _LEAST_POPULARITY
    return 1 + round(_STEPS_PER_E * math.log(size))


def _popularity_series(values: Sequence[float | None], rank: int) -> str:
    encode = popularity_code if rank <= FINE_RANKS else coarse_code
    return letters(steps(map(encode, values)))


def _votes_series(values: Sequence[float | None]) -> str:
    return letters(map(_votes_code, values))


def _cut(value: float | None) -> float | None:
    """Cut and not round, or a score would reach a class that the movie is not in."""
    return None if value is None else math.floor(value * 10) / 10


_ENCODERS: dict[str, Callable[[Any], object]] = {
    "current_popularity": popularity_code,
    "popularity_7d_ma": popularity_code,
    "popularity_expected": popularity_code,
    "popularity_now": popularity_code,
    "popularity_outlook_7d": popularity_code,
    "popularity_outlook_7d_high": popularity_code,
    "popularity_outlook_7d_low": popularity_code,
    "viral_coefficient": _cut,
    "votes": _votes_series,
}
