"""Days computed at once, one by one, again, or late have the same numbers."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from local.tables import DATASET
from tests.sql.sandbox import COMPUTED, Sandbox

pytestmark = pytest.mark.emulator

FIRST = date(2026, 3, 1)
BEFORE = FIRST + timedelta(days=13)
"""Days up to here are always computed at once."""
LAST = FIRST + timedelta(days=19)
MOVIES = 12
LANDING = ("movie_details_raw", "movie_popularity_raw")

type Tables = dict[str, list[dict[str, Any]]]


def days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def land(sandbox: Sandbox) -> None:
    """Land 20 days of movies; a third of the readings is missing, some are twice."""
    random = Random(20)
    details: list[dict[str, Any]] = []
    exports: list[dict[str, Any]] = []
    for movie_id in range(1, MOVIES + 1):
        # A third of them enter the tracked set, and one of those leaves it at once.
        entered = FIRST + timedelta(days=16 if movie_id % 3 == 0 else 0)
        left = LAST if movie_id == 3 else None
        popularity, votes = random.uniform(1, 50), random.randrange(2000)
        for day in days(FIRST, LAST):
            popularity *= random.uniform(0.8, 1.3)
            votes += random.randrange(-2, 40)
            asked_at = datetime.combine(day, time(9), UTC)
            is_tracked = day >= entered and day != left
            if random.random() < 0.65:
                exports.append(
                    {
                        "run_id": "history",
                        "export_date": day,
                        "movie_id": movie_id,
                        "popularity": popularity,
                        "is_tracked": is_tracked,
                        "loaded_at": asked_at,
                    }
                )
            for _ in range(random.choice((0, 1, 1, 2)) if is_tracked else 0):
                asked_at += timedelta(seconds=random.randrange(3))
                details.append(
                    {
                        "run_id": "daily",
                        "run_date": day,
                        "batch_no": 1,
                        "movie_id": movie_id,
                        "title": f"Movie {movie_id} on {day}",
                        "popularity": popularity * 1.01,
                        "vote_count": votes + random.randrange(3),
                        "vote_average": random.uniform(0, 10),
                        "fetched_at": asked_at,
                    }
                )
    sandbox.load("movie_details_raw", details)
    sandbox.load("movie_popularity_raw", exports)


def empty(sandbox: Sandbox, *tables: str) -> None:
    for table in tables:
        sandbox.select(f"TRUNCATE TABLE {DATASET}.{table}")


def stored(sandbox: Sandbox) -> Tables:
    return {table: sandbox.rows(table) for table in COMPUTED}


def assert_same_numbers(found: Tables, expected: Tables) -> None:
    """Compare; the last bits of sums of floats depend on the days that are read."""
    for table in COMPUTED:
        assert len(found[table]) == len(expected[table])
        for row, wanted in zip(found[table], expected[table], strict=True):
            assert row == {
                name: pytest.approx(value, rel=1e-9, abs=1e-12)
                if isinstance(value, float)
                else value
                for name, value in wanted.items()
            }


def test_however_it_is_computed_the_numbers_are_the_same(sandbox: Sandbox) -> None:
    land(sandbox)
    sandbox.compute(FIRST, LAST)
    expected = stored(sandbox)
    days_stored = {row["snapshot_date"] for row in expected["movie_daily_snapshots"]}
    assert days_stored == set(days(FIRST, LAST))

    # Again.
    sandbox.compute(FIRST, LAST)
    assert stored(sandbox) == expected

    # Day by day, as the daily runs do.
    empty(sandbox, *COMPUTED)
    sandbox.compute(FIRST, BEFORE)
    for day in days(BEFORE + timedelta(days=1), LAST):
        sandbox.compute(day, day)
    assert_same_numbers(stored(sandbox), expected)

    # After the landing has expired.
    empty(sandbox, *LANDING)
    sandbox.compute(FIRST, LAST)
    assert_same_numbers(stored(sandbox), expected)
