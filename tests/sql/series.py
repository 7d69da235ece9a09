"""Expand a row of a given.yaml that stands for a movie's values over days.

    {movie_id: 1, series: 2026-02-13, popularity: [8 x 34], vote_count: [2..66 by 2, 9]}

is a row a day from 13 February on. An element of a list is a day's value, or several:
`8 x 34` is 34 days of 8, `2..66 by 2` the 33 days 2, 4 ... 66, and `gap` is a day
without a row (`gap x 6`: six of them). A column that is no list has its value on each
day. `series: 2026-02-04..2026-03-10` is every day from the first to the last.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import yaml

DAY_OF = {
    "catalogue_days": "snapshot_date",
    "movie_attention_daily": "day",
    "movie_daily_snapshots": "snapshot_date",
    "movie_metrics_aggregated": "calculation_date",
    "movie_popularity_raw": "export_date",
    "movie_viral_signals": "calculation_date",
}
"""Table -> the column that holds a row's day."""
_NO_ROW = "gap"
_REPEATED = re.compile(r"(\S+) x (\d+)")
_STEPS = re.compile(r"(-?\d+)\.\.(-?\d+) by (-?\d+)")
_DAYS = re.compile(r"([\d-]{10})\.\.([\d-]{10})")


def expand(table: str, row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the row, or one for each day of its series."""
    if "series" not in row:
        yield row
        return
    row = dict(row)
    first, last = _range(row.pop("series"))
    values = {
        column: [one for element in row.pop(column) for one in _values(element)]
        for column in [name for name, value in row.items() if isinstance(value, list)]
    }
    counts = {column: len(listed) for column, listed in values.items()}
    if last:
        counts["series"] = (last - first).days + 1
    if len({*counts.values()}) != 1:
        message = f"a series has one number of days, not {counts}: {row}"
        raise ValueError(message)
    for n in range(next(iter(counts.values()))):
        of_day = {column: listed[n] for column, listed in values.items()}
        missing = [value == _NO_ROW for value in of_day.values()]
        if any(missing) and not all(missing):
            message = f"day {n + 1} has a row or has none: {of_day}"
            raise ValueError(message)
        if not any(missing):
            yield {**row, DAY_OF[table]: first + timedelta(days=n), **of_day}


def _range(series: date | str) -> tuple[date, date | None]:
    if isinstance(series, date):
        return series, None
    found = _DAYS.fullmatch(series)
    if not found:
        message = f"a series is a day or day..day, not {series}"
        raise ValueError(message)
    return date.fromisoformat(found[1]), date.fromisoformat(found[2])


def _values(element: object) -> list[object]:
    """Return the days' values of one element of a list."""
    if not isinstance(element, str) or element == _NO_ROW:
        return [element]
    if found := _REPEATED.fullmatch(element):
        # YAML reads the value, so `null x 3` and `true x 2` are what they say.
        value = _NO_ROW if found[1] == _NO_ROW else yaml.safe_load(found[1])
        return [value] * int(found[2])
    if found := _STEPS.fullmatch(element):
        first, last, step = map(int, found.groups())
        if step == 0 or (last - first) % step or (last - first) // step < 0:
            message = f"{element} does not end at {last}"
            raise ValueError(message)
        return [*range(first, last + (1 if step > 0 else -1), step)]
    message = f"{element!r} is no value of a series"
    raise ValueError(message)
