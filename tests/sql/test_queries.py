"""Every file of sql/queries returns rows on a small dataset and follows the rules.

The world: twelve movies, number 1 ahead in everything, on the newest published day, the
day before and a week before; then a day that the checks have withheld. Reports with
logic of their own have hand-worked cases too (test_cases.py).
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from shared import sql_files
from tests.sql.files import COMPARISONS, SCHEMAS, VIEWS
from tests.sql.sandbox import Sandbox

FILES = sorted((sql_files.SQL / "queries").glob("*.sql"))
TEXTS = {path.stem: path.read_text() for path in FILES}

DAY = date(2026, 3, 20)
DAYS = [DAY - timedelta(7), DAY - timedelta(1), DAY]
WITHHELD = DAY + timedelta(1)
NOON = "2026-03-20T12:00:00Z"

FIRST_ROWS: dict[str, dict[str, Any]] = {
    "top_gaining_movies": {
        "title": "Movie 1",
        "weekly_pct_change": 60.0,
        "current_popularity": 120.0,
    },
    "trending_topics": {
        "title": "Movie 1",
        "viral_coefficient": 90.0,
        "avg_daily_votes": 24.0,
        "virality_category": "Extremely Viral",
        "viral_rank": 1,
    },
    "emerging_trends": {
        "title": "Movie 1",
        "vote_acceleration_7d": 12.0,
        "viral_score_change_7d": 80.0,
        "trend_category": "Rising",
    },
    "popularity_chart": {
        "popularity_rank": 1,
        "title": "Movie 1",
        "rank_change_1d": 0,
        "rank_change_7d": 11,
        "peak_date": DAY - timedelta(1),
        "days_on_chart": 3,
    },
    "recent_breakouts": {"started_on": DAY, "title": "Movie 1", "surge": 13.0},
    "why_this_score": {
        "movie_id": 1,
        "calculation_date": DAY,
        "viral_coefficient": 90.0,
        # 3 / 5 of the weight of both: 0.75 / sqrt(1 + 0.75 ** 2)
        "surge_from_votes": pytest.approx(0.6 * 5),
        "surge_from_popularity": pytest.approx(0.8 * 5),
    },
    "catalogue_health": {"snapshot_date": WITHHELD, "is_published": False},
    "daily_momentum_report": {"movie_id": 1, "weekly_pct_change": 60.0},
    # released 10, 20 and 30 days before
    "release_cohorts": {"release_cohort": "0-30 days", "movies": 3, "rising_pct": 100},
    "daily_viral_report": {
        "viral_rank": 1,
        "movie_id": 1,
        "days_since_release": 10,
        "breakout": "begins",
    },
    "viral_versus_non_viral": {
        "virality": "viral",
        "movies": 3,
        "viral_coefficient_mean": 70.0,
    },
    "breakout_detection": {
        "breakout_class": "Major",
        "movie_id": 1,
        "detected_on": DAY,
        "viral_score_change_7d": 80.0,
    },
    "chart_as_of": {
        "list_name": "breakouts",
        "snapshot_date": DAY,
        "vintage": 1,
        "rank": 1,
        "movie_id": 1,
    },
    "chart_vintages": {
        "list_name": "breakouts",
        "snapshot_date": DAY,
        "vintage": 1,
        "movies": 1,
    },
    # 3 of 12 are viral; Comedy has 2 movies, too few
    "genre_performance": {"genre": "Drama", "movies": 12, "viral_pct": 25.0},
}
ROWS = {
    # number 12 gained 5 %, which is not above 5
    "daily_momentum_report": 11,
    "recent_breakouts": 1,
    "why_this_score": 1,
    "catalogue_health": 4,
    # 10 to 120 days since release
    "release_cohorts": 3,
    "daily_viral_report": 3,
    "trending_topics": 3,
    "viral_versus_non_viral": 2,
    "breakout_detection": 3,
    "genre_performance": 1,
    # an acceleration above 5 votes a day: 12 to 6
    "emerging_trends": 7,
    # 1 breakout, 12 on the chart, nobody loses, 7 emerge, 12 gain, 3 are viral
    "chart_as_of": 1 + 12 + 1 + 7 + 12 + 3,
    # 6 lists of 3 days
    "chart_vintages": 18,
}
"""Other queries list all twelve movies."""

EMPTY = {
    "why_this_score": {
        "not_in_top_viral_because",
        "not_in_top_gaining_because",
        "not_in_emerging_because",
    },
    # Nothing was published twice.
    "chart_vintages": {"entered", "gone", "moved"},
}
"""Columns without a value if there is no problem; all others have some."""


HISTORY: dict[str, dict[str, date | str]] = {
    "chart_as_of": {
        "from_date": DAYS[0],
        "to_date": WITHHELD,
        "as_of": datetime(9999, 1, 1, tzinfo=UTC),
    },
    "chart_vintages": {"from_date": DAYS[0], "to_date": WITHHELD},
}
"""Queries with parameters, which are days or a moment."""


def _coefficient(movie_id: int, day: date) -> float:
    return {1: 90.0, 2: 70.0, 3: 50.0}.get(movie_id, 10.0) if day == DAY else 10.0


def _metrics(movie_id: int, day: date) -> dict[str, Any]:
    popularity = 130.0 - 10 * movie_id
    return {
        "movie_id": movie_id,
        "calculation_date": day,
        "popularity": popularity,
        "popularity_rank": 13 - movie_id if day == DAYS[0] else movie_id,
        "vote_count": 1000,
        "popularity_change_1d": 1.0,
        "popularity_pct_change_1d": 2.0,
        "popularity_wow_change": 5.0,
        "popularity_wow_pct_change": popularity / 2,
        "momentum_status": "Rising",
        "vote_velocity_7d": 25.0 - movie_id,
        "vote_acceleration_7d": 13.0 - movie_id,
        "viral_coefficient": _coefficient(movie_id, day),
        "trend_category": "Rising",
        "is_breakout_start": movie_id == 1 and day == DAY,
        "is_breakout_confirmed": False,
        "popularity_outlook_7d": popularity + 5,
        "popularity_outlook_7d_low": popularity - 10,
        "popularity_outlook_7d_high": popularity + 20,
    }


def _signals(movie_id: int, day: date) -> dict[str, Any]:
    return {
        "movie_id": movie_id,
        "calculation_date": day,
        "history": "full",
        "is_vote_count_corrected": False,
        "votes_3d": 60.0,
        "votes_3d_expected": 12.0,
        "z_votes": 10.0,
        "weight_of_votes": 0.75,
        "popularity_now": 45.0,
        "popularity_expected": 20.0,
        "expected_level": "last_week",
        "market_factor": 1.0,
        "popularity_noise": 0.2,
        "z_popularity": 5.0,
        "surge": 14.0 - movie_id,
        "viral_coefficient": _coefficient(movie_id, day),
        "vote_acceleration_7d": 13.0 - movie_id,
        "vote_acceleration_7d_low": 0.5,
        "popularity_growth_7d": 0.2,
        "popularity_growth_z": 3.0,
        "is_breakout_alarm": movie_id == 1 and day == DAY,
    }


def _snapshot(movie_id: int, day: date) -> dict[str, Any]:
    return {
        "movie_id": movie_id,
        "snapshot_date": day,
        "vote_average": 7.5,
        "vote_count": 1000,
        "ingestion_timestamp": NOON,
    }


def _movie(movie_id: int) -> dict[str, Any]:
    comedy = [{"id": 35, "name": "Comedy"}] if movie_id in (1, 2) else []
    return {
        "movie_id": movie_id,
        "title": f"Movie {movie_id}",
        "release_date": DAY - timedelta(10 * movie_id),
        "genres": [{"id": 18, "name": "Drama"}, *comedy],
        "last_updated": NOON,
    }


@pytest.fixture(scope="module")
def world(prepared: Sandbox) -> Sandbox:
    prepared.clear()
    # Number 12 is new on the newest day.
    keys = [(n, day) for day in DAYS for n in range(1, 13) if n < 12 or day == DAY]
    keys += [(n, WITHHELD) for n in range(1, 13)]
    prepared.load("movies", [_movie(n) for n in range(1, 13)])
    prepared.load("movie_metrics_aggregated", [_metrics(*key) for key in keys])
    prepared.load("movie_viral_signals", [_signals(*key) for key in keys])
    prepared.load("movie_daily_snapshots", [_snapshot(*key) for key in keys])
    days = [
        {
            "snapshot_date": day,
            "movies_observed": 12,
            "has_votes": True,
            "coverage": 1.0,
            "popularity_log_change_1d_median": 0.0,
            "is_catalogue_shift": False,
            "is_published": day != WITHHELD,
        }
        for day in (*DAYS, WITHHELD)
    ]
    prepared.load("catalogue_days", days)
    published = {"run_id": "daily-2026-03-20", "code_version": "test"}
    of_days: dict[str, date | str] = {"from_date": DAYS[0], "to_date": WITHHELD}
    prepared.select(sql_files.of_folder("gate")["record"], **of_days, **published)
    prepared.make_small(DAYS[0], WITHHELD)
    return prepared


@pytest.mark.emulator
@pytest.mark.parametrize("name", TEXTS)
def test_a_query_answers(name: str, world: Sandbox) -> None:
    rows = world.select(TEXTS[name], **HISTORY.get(name, {}))

    expected = FIRST_ROWS[name]
    assert {column: rows[0][column] for column in expected} == expected
    assert len(rows) == ROWS.get(name, 12)
    is_empty = {
        column for column in rows[0] if all(row[column] is None for row in rows)
    }
    assert is_empty == EMPTY.get(name, set())


def test_every_query_runs() -> None:
    assert FIRST_ROWS.keys() == TEXTS.keys()
    assert len(TEXTS) == 15


@pytest.mark.parametrize("name", TEXTS)
def test_a_query_says_what_it_answers(name: str) -> None:
    comments = re.findall(r"--.*", TEXTS[name])

    assert re.fullmatch(rf"-- {name}: .*\?", comments[0])
    assert any(comment.startswith("-- Grain: ") for comment in comments)
    # Without parameters it runs in the console. For the clock see test_rules.py.
    assert {*re.findall(r"@(\w+)", TEXTS[name])} == {*HISTORY.get(name, {})}


@pytest.mark.parametrize("name", TEXTS)
def test_a_query_is_one_ordered_select_of_what_there_is(name: str) -> None:
    [query] = sqlglot.parse(TEXTS[name], dialect="bigquery")
    named = set(re.findall(r"\btmdb_analytics\.(\w+)", TEXTS[name]))

    assert isinstance(query, exp.Select)
    assert query.args["order"]
    assert query.args["limit"]
    assert named <= SCHEMAS.keys() | {path.stem for path in VIEWS} | {
        "metric_thresholds"
    }


@pytest.mark.parametrize("name", TEXTS)
def test_a_query_compares_with_thresholds_only(name: str) -> None:
    compared = [
        comparison.sql("bigquery")
        for comparison in sqlglot.parse_one(TEXTS[name], dialect="bigquery").find_all(
            *COMPARISONS
        )
        if any(
            isinstance(number, exp.Literal) and not number.is_string
            for side in comparison.iter_expressions()
            for number in (side, side.this)
        )
        and not comparison.find(exp.RowNumber)
    ]

    assert compared == []
