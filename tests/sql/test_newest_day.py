"""The small table of the newest day, when days are withheld and published."""

from datetime import date, timedelta
from typing import Any

import pytest

from shared import sql_scripts
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

DAYS = [date(2026, 3, 1) + timedelta(n) for n in range(12)]
NEWEST = DAYS[-1]
WEEK = timedelta(7)
SMALL = (
    "leading_movie_days",
    "movie_breakouts",
    "outlook_days",
    "latest_movie_metrics",
)


def _reading(movie_id: int, day: date) -> dict[str, Any]:
    return {
        "run_id": f"daily-{day}",
        "run_date": day,
        "batch_no": 1,
        "movie_id": movie_id,
        "popularity": (10.0 + day.day) * movie_id,
        "vote_count": 100 * movie_id + day.day * (3 + movie_id),
        "fetched_at": f"{day}T09:00:00Z",
    }


@pytest.fixture
def published(sandbox: Sandbox) -> Sandbox:
    sandbox.load("movie_details_raw", [_reading(n, d) for d in DAYS for n in (1, 2, 3)])
    sandbox.compute(DAYS[0], NEWEST)
    sandbox.publish(DAYS[0], NEWEST)
    return sandbox


def _explained(sandbox: Sandbox) -> dict[Any, dict[str, Any]]:
    """Return the explanation of each movie and day, except which day is the newest."""
    return {
        (row["movie_id"], row["calculation_date"]): {
            name: value
            for name, value in row.items()
            if not name.startswith("not_in_") and name != "is_newest"
        }
        for row in sandbox.rows("v_movie_score_explained")
    }


def test_a_day_is_explained_the_same_whether_it_is_the_newest_or_not(
    published: Sandbox,
) -> None:
    explained = _explained(published)
    assert len(explained) == 3 * len(DAYS)
    script = sql_scripts.gate_script("withhold")
    published.select(script, from_date=NEWEST, to_date=NEWEST, reason="a test")
    latest = published.rows("v_latest_popularity_metrics")
    assert {row["last_updated"] for row in latest} == {DAYS[-2]}
    assert _explained(published) == {
        of: row for of, row in explained.items() if of[1] != NEWEST
    }
    published.publish(NEWEST, NEWEST)
    assert _explained(published) == explained


def test_days_of_before_the_small_tables_are_made_of_what_is_stored(
    published: Sandbox,
) -> None:
    made = {name: published.rows(name) for name in SMALL}
    assert made["leading_movie_days"]
    assert made["latest_movie_metrics"]
    for name in SMALL:
        published.select(f"TRUNCATE TABLE tmdb_analytics.{name}")
    published.make_small(DAYS[0], NEWEST)
    assert {name: published.rows(name) for name in SMALL} == made


def test_after_a_publication_the_small_tables_agree_with_their_sources(
    published: Sandbox,
) -> None:
    metrics = published.rows("movie_metrics_aggregated")
    by_key = {(row["movie_id"], row["calculation_date"]): row for row in metrics}
    assert len(by_key) == 3 * len(DAYS)

    leading = published.rows("leading_movie_days")
    places = ("popularity_rank", "popularity")
    assert {
        (row["movie_id"], row["snapshot_date"]): [row[name] for name in places]
        for row in leading
    } == {key: [row[name] for name in places] for key, row in by_key.items()}

    for row in published.rows("latest_movie_metrics"):
        source = by_key[row["movie_id"], row["calculation_date"]]
        shared = row.keys() & source.keys() - {"computed_at"}
        assert len(shared) > 20
        assert [row[name] for name in shared] == [source[name] for name in shared]
    assert len(published.rows("latest_movie_metrics")) == 3

    assert {
        (row["movie_id"], row["calculation_date"])
        for row in published.rows("movie_breakouts")
    } == {
        key
        for key, row in by_key.items()
        if row["is_breakout_start"] or row["is_breakout_confirmed"]
    }

    held: dict[date, list[bool]] = {}
    for (movie_id, day), start in by_key.items():
        low, end = (
            start["popularity_outlook_7d_low"],
            by_key.get((movie_id, day + WEEK)),
        )
        if low is not None and end:
            high = start["popularity_outlook_7d_high"]
            held.setdefault(day + WEEK, []).append(low <= end["popularity"] <= high)
    assert {
        row["snapshot_date"]: (row["outlooks"], row["outlooks_inside"])
        for row in published.rows("outlook_days")
    } == {day: (len(each), sum(each)) for day, each in held.items()}
