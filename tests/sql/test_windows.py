"""How far back statements read, by sql/windows: never less than what changes a value.

The same landing is computed twice, as a deployment does and with every window at its
widest, over days on which something happens to each window.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from shared import first_days, sql_files
from shared.sql_files import Statement
from tests.sql.sandbox import COMPUTED, Sandbox

pytestmark = [pytest.mark.emulator, pytest.mark.exhaustive]

FIRST = date(2026, 3, 1)
HISTORY = 14
"""Days that are loaded and computed at once; then the daily runs begin."""
SHIFT, REMOVED, GAP, LEAP, BACK, AFTER = 17, 16, 18, 19, 21, 27
"""The day of a catalogue-wide shift; a movie leaves and comes back; an export is
missing and comes late; a movie from below the band is tracked."""
MOVIES = 36
WIDEST = {"first_class_day": 30, "first_details_day": 7, "first_past_day": 46}
"""Days before the first requested one: not read from sql/windows, which are tested."""
LEAVES, LEAPS, NEW, RETIRED = 33, 35, 36, 37

type Tables = dict[str, list[dict[str, Any]]]


def _day(n: int) -> date:
    return FIRST + timedelta(days=n)


def _widest() -> list[Statement]:
    days = {
        name: f"DATE_SUB(@from_date, INTERVAL {count} DAY)"
        for name, count in WIDEST.items()
    }
    return [
        Statement(each.name, first_days.with_days(each.sql, days))
        for each in sql_files.daily()
    ]


class _Landing:
    """The rows of each day, the same for the same seed."""

    def __init__(self, seed: int, *, is_every_movie: bool) -> None:
        self._random = Random(seed)
        self._is_every_movie = is_every_movie
        self._popularity = [self._random.uniform(2, 50) for _ in range(RETIRED + 1)]

    def exports(self, days: Iterable[int]) -> Iterator[dict[str, Any]]:
        for n in days:
            if n == SHIFT:
                self._popularity = [2.5 * value for value in self._popularity]
            for movie in range(1, MOVIES + 1):
                self._popularity[movie] *= self._random.uniform(0.9, 1.12)
                if self._is_in_export(movie, n):
                    yield {
                        "run_id": f"daily-{_day(n)}",
                        "export_date": _day(n),
                        "movie_id": movie,
                        "popularity": self._popularity[movie],
                        "is_tracked": self._is_tracked(movie, n),
                        "loaded_at": datetime.combine(_day(n), time(9), UTC),
                    }

    def details(self, n: int, run: str = "daily") -> Iterator[dict[str, Any]]:
        for movie in range(1, RETIRED + 1):
            is_read = movie < RETIRED and self._is_tracked(movie, n)
            if run == "weekly" or (is_read and self._random.random() < 0.9):
                fetched = datetime.combine(_day(n), time(10), UTC)
                yield {
                    "run_id": f"{run}-{_day(n)}",
                    "run_date": _day(n),
                    "batch_no": 1,
                    "movie_id": movie,
                    "title": f"{movie} on {_day(n)} by {run}",
                    "popularity": self._popularity[movie],
                    "vote_count": 100 * movie + n * self._random.randrange(1, 9),
                    "vote_average": 6.5,
                    "fetched_at": fetched + timedelta(hours=run == "weekly"),
                }

    def _is_in_export(self, movie: int, n: int) -> bool:
        if movie == LEAPS:  # in some exports long before, and then in none
            return n < 8 or n >= LEAP
        if movie == NEW and self._is_every_movie:
            return n >= LEAP
        return self._random.random() < 0.85

    def _is_tracked(self, movie: int, n: int) -> bool:
        if self._is_every_movie:
            return True
        if movie == LEAVES:
            return not REMOVED <= n < BACK
        return movie < LEAPS or n >= LEAP


def _stored(sandbox: Sandbox) -> Tables:
    return {table: sandbox.rows(table) for table in COMPUTED}


def _days_of(
    sandbox: Sandbox,
    seed: int,
    files: list[Statement] | None,
    *,
    is_every_movie: bool,
) -> Tables:
    """Land and compute all days; return what is stored then."""
    sandbox.clear()
    landing = _Landing(seed, is_every_movie=is_every_movie)

    def land(table: str, rows: Iterable[dict[str, Any]]) -> None:
        sandbox.load(table, [*rows])

    def compute(first: int, last: int) -> None:
        sandbox.compute(_day(first), _day(last), files)

    land("movie_popularity_raw", landing.exports(range(HISTORY + 1)))
    land("movie_details_raw", landing.details(HISTORY))
    compute(0, HISTORY)
    late: list[dict[str, Any]] = []
    for n in range(HISTORY + 1, AFTER):
        export = [*landing.exports([n])]
        if n == GAP:
            late = export
        else:
            land("movie_popularity_raw", export)
        details = [*landing.details(n)]
        # Some batches of a day come when it is computed already.
        in_time = [row for row in details if n % 3 or row["movie_id"] % 5]
        land("movie_details_raw", in_time)
        if n != LEAP + 1:  # a day that is never computed
            compute(n, n)
        if n == LEAP:  # so its weekly run is two days old for the next daily one
            land("movie_details_raw", landing.details(n, "weekly"))
        if n == GAP + 3:
            land("movie_popularity_raw", late)
            compute(GAP, GAP)
        land("movie_details_raw", [row for row in details if row not in in_time])
    # A range with the shift, and single days after it, again.
    compute(SHIFT - 2, SHIFT)
    compute(SHIFT + 1, SHIFT + 1)
    compute(SHIFT + 5, SHIFT + 5)
    return _stored(sandbox)


@pytest.mark.parametrize(("seed", "is_every_movie"), [(1, False), (3, True)])
def test_no_value_is_another_than_with_every_window_at_its_widest(
    sandbox: Sandbox,
    seed: int,
    is_every_movie: bool,  # noqa: FBT001
) -> None:
    found = _days_of(sandbox, seed, None, is_every_movie=is_every_movie)
    widest = _days_of(sandbox, seed, _widest(), is_every_movie=is_every_movie)
    for table in COMPUTED:
        assert found[table] == widest[table]
    metrics = found["movie_metrics_aggregated"]
    assert {row["is_frozen"] for row in metrics} == {True, False}
    past = [row for row in found["movie_daily_snapshots"] if not row["is_tracked"]]
    assert bool(past) is not is_every_movie
