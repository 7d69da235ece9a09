"""Queries of the page: a small catalogue, computed by the pipeline's own statements.

What the page is given is compared with the rows of the views that people read.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.compute_metrics import checks
from functions.render_dashboard import wording
from functions.render_dashboard.page import render
from functions.render_dashboard.payload import (
    Breakout,
    CatalogueDay,
    Dashboard,
    Finding,
    Movie,
    Revision,
)
from functions.render_dashboard.queries import read
from local import tables as local_tables
from shared import sql_files
from shared.bigquery import Warehouse

pytestmark = pytest.mark.emulator

MOVIES = 12
DAYS = [date(2026, 3, 1) + timedelta(n) for n in range(20)]
NEWEST = DAYS[-1]
MISSING = DAYS[5]
NOW = datetime(2026, 3, 21, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Return a dataset with 20 days of 12 movies, one of them surging at the end."""
    with local_tables.emulated(tmp_path_factory.mktemp("bigquery")) as client:
        yield Warehouse(client, local_tables.DATASET, max_bytes_billed=10**9)


@pytest.fixture(scope="module")
def empty(tables: Warehouse) -> Dashboard:
    """Return the page's content before anything has run."""
    return read(tables, NEWEST, NOW, "a test")


@pytest.fixture(scope="module")
def dashboard(tables: Warehouse, empty: Dashboard) -> Dashboard:
    """Return the page's content of the newest day."""
    assert empty["movies"] == []
    rows = [_landed(movie, day) for day in DAYS for movie in range(1, MOVIES + 1)]
    rows = [row for row in rows if row["run_date"] != str(MISSING)]
    ids = [f"{row['movie_id']} {row['run_date']}" for row in rows]
    assert not tables.append("movie_details_raw", rows, ids)
    days: dict[str, Any] = {"from_date": DAYS[0], "to_date": NEWEST}
    for statement in sql_files.daily():
        tables.execute(statement.sql, **days)
    tables.execute(sql_files.of_folder("gate")["publish"], **days)
    assert not [row for row in tables.select(CHECKS, **days) if _fails(row)]
    tables.execute(FOUND)
    tables.execute(SHOWN_BEFORE)
    published: dict[str, Any] = {"run_id": f"daily-{NEWEST}", "code_version": "test"}
    tables.execute(sql_files.of_folder("gate")["record"], **days, **published)
    return read(tables, NEWEST, NOW, "a test")


CHECKS = checks.as_one_query(checks.read())
FOUND = """
INSERT INTO tmdb_analytics.check_findings (
  snapshot_date, check_name, severity, offending_rows, examples
)
VALUES (
  DATE '2026-03-20', 'vote_decreases', 'warn', 2,
  [STRUCT(NULL AS movie_id, 'of the day' AS problem), STRUCT(3, 'of a movie')]
)
"""


SHOWN_BEFORE = """
INSERT INTO tmdb_analytics.chart_history (
  list_name, snapshot_date, rank, movie_id,
  run_id, code_version, published_at, content_hash
)
SELECT
  'chart', DATE '2026-03-20', rank, movie_id,
  'daily-2026-03-20', 'test', TIMESTAMP '2026-03-20 09:00:00', 'other'
FROM UNNEST([STRUCT(1 AS rank, 99 AS movie_id), STRUCT(2, 1)])
"""


def _fails(row: dict[str, Any]) -> bool:
    return bool(row["severity"] == "fail")


def _landed(movie_id: int, day: date) -> dict[str, Any]:
    n = (day - DAYS[0]).days
    is_surging = movie_id == 1 and n > 16
    wobble = 1 + ((movie_id * 7 + n * 5) % 11) / 100
    return {
        "run_id": f"daily-{day}",
        "run_date": day.isoformat(),
        "batch_no": 1,
        "movie_id": movie_id,
        "title": None if movie_id == 2 else f"Movie {movie_id}",
        "genres": [{"id": 18, "name": "Drama"}, {"id": 35, "name": "Comedy"}],
        "release_date": "2026-01-01",
        "popularity": 10.0 * movie_id * wobble * (9 if is_surging else 1),
        "vote_count": 100 * movie_id + 3 * n + (60 * (n - 16) if is_surging else 0),
        "vote_average": 7.5,
        "fetched_at": f"{day}T09:00:00Z",
    }


def test_before_the_first_day_there_is_nothing_but_the_thresholds(
    empty: Dashboard,
) -> None:
    assert (empty["movies"], empty["days"]) == ([], [])
    assert empty["header"]["popularity_date"] is None
    assert empty["header"]["fetched"] is None
    assert empty["thresholds"]["published_min_coverage"] == 0.99
    assert b"</html>" in render(empty)


OF_MOVIES = {
    "v_latest_popularity_metrics": (
        "current_popularity daily_pct_change weekly_pct_change momentum_status "
        "popularity_7d_ma popularity_outlook_7d popularity_outlook_7d_low "
        "popularity_outlook_7d_high genres is_frozen"
    ),
    "v_popularity_ranks": (
        "popularity_rank rank_change_1d rank_change_7d peak_rank days_on_chart "
        "is_new_entry is_re_entry"
    ),
    "v_vote_velocity_metrics": (
        "current_vote_count vote_average avg_daily_votes_7d engagement_level"
    ),
    "v_movie_score_explained": (
        "viral_coefficient virality_category surge votes_3d votes_3d_expected z_votes "
        "surge_from_votes popularity_now popularity_expected expected_level "
        "market_factor z_popularity surge_from_popularity "
        "popularity_growth_factor_7d popularity_growth_z "
        "not_in_top_viral_because not_in_top_gaining_because not_in_emerging_because"
    ),
}


@pytest.mark.parametrize("view", OF_MOVIES)
def test_a_movie_has_the_numbers_of_the_view(
    view: str, tables: Warehouse, dashboard: Dashboard
) -> None:
    newest = "WHERE is_newest" if view == "v_movie_score_explained" else ""
    rows = tables.select(f"SELECT * FROM tmdb_analytics.{view} {newest}")
    names = OF_MOVIES[view].split()
    expected = {row["movie_id"]: {name: row[name] for name in names} for row in rows}
    if view == "v_movie_score_explained":
        for row in expected.values():
            row["virality_category"] = (
                row["virality_category"] or "Insufficient history"
            )
    found: dict[int, dict[str, Any]] = {
        movie["movie_id"]: {name: dict(movie)[name] for name in names}
        for movie in dashboard["movies"]
    }
    assert len(found) == MOVIES
    assert found == expected


def test_a_row_has_what_the_page_names_and_nothing_else(dashboard: Dashboard) -> None:
    for rows, kind in (
        (dashboard["movies"], Movie),
        (dashboard["breakouts"], Breakout),
        (dashboard["catalogue_days"], CatalogueDay),
        (dashboard["findings"], Finding),
        (dashboard["revisions"], Revision),
    ):
        assert rows
        assert {name for row in rows for name in row} == kind.__annotations__.keys()


def test_a_breakout_has_the_numbers_of_the_view(
    tables: Warehouse, dashboard: Dashboard
) -> None:
    [row] = tables.select("SELECT * FROM tmdb_analytics.v_breakouts")
    [found] = dashboard["breakouts"]
    expected = {name: row[name] for name in found}
    assert found == expected | {"started_on": row["started_on"].isoformat()}
    assert found["market_factor"] is not None
    page = render(dashboard).decode()
    assert wording.of_breakout(found, str(NEWEST)) in page


def test_a_series_has_an_entry_for_every_day(
    tables: Warehouse, dashboard: Dashboard
) -> None:
    assert dashboard["days"] == [day.isoformat() for day in DAYS]
    rows = tables.select(
        "SELECT * FROM tmdb_analytics.movie_daily_snapshots WHERE movie_id = 3"
    )
    popularity = {row["snapshot_date"]: row["popularity"] for row in rows}
    votes = {row["snapshot_date"]: row["vote_count_change_1d"] for row in rows}
    [movie] = [movie for movie in dashboard["movies"] if movie["movie_id"] == 3]
    assert movie["popularity"] == [popularity.get(day) for day in DAYS]
    assert movie["votes"] == [votes.get(day) for day in DAYS]
    assert movie["popularity"][DAYS.index(MISSING)] is None


def test_the_lists_are_those_of_the_views(
    tables: Warehouse, dashboard: Dashboard
) -> None:
    for name, place, found in (
        ("v_top_gaining_movies", "gaining_rank", dashboard["gaining"]),
        ("v_top_declining_movies", "declining_rank", dashboard["declining"]),
        ("v_top_viral_movies", "viral_rank", dashboard["viral"]),
    ):
        rows = tables.select(
            f"SELECT movie_id FROM tmdb_analytics.{name} ORDER BY {place}"
        )
        assert found == [row["movie_id"] for row in rows]
    assert dashboard["gaining"][0] == 1
    assert dashboard["movies"][0]["popularity_rank"] == 1


def test_the_header_and_the_days_say_of_when_and_how_whole(
    dashboard: Dashboard,
) -> None:
    header = dashboard["header"]
    assert (header["popularity_date"], header["votes_date"]) == (str(NEWEST),) * 2
    assert header["days_with_votes"] == len(DAYS) - 1
    assert header["built_at"] == "2026-03-21T06:00:00+00:00"
    shown = [day["snapshot_date"] for day in dashboard["catalogue_days"]]
    assert shown == [str(day) for day in reversed(DAYS) if day != MISSING]


def test_what_checks_found_is_quoted_with_the_movie(dashboard: Dashboard) -> None:
    assert dashboard["findings"] == [
        {
            "check_name": "vote_decreases",
            "severity": "warn",
            "snapshot_date": str(NEWEST),
            "offending_rows": 2,
            "examples": ["of the day", "movie 3: of a movie"],
        }
    ]


def test_a_day_that_was_published_with_other_lists_says_so(
    dashboard: Dashboard,
) -> None:
    """99 was first and is gone, 1 moved up from the second place, 11 others are new."""
    [revision] = dashboard["revisions"]
    assert datetime.fromisoformat(revision["published_at"]).tzinfo is not None
    found = {**revision, "published_at": ""}
    changes = {"entered": 11, "gone": 1, "moved": 1}
    assert found == {"list_name": "chart", "published_at": "", **changes}
    sentence = wording.of_revisions(dashboard["revisions"])
    assert sentence
    assert sentence.endswith(" UTC: chart 11 new, 1 gone, 1 moved.")
    assert sentence in render(dashboard).decode()


def test_the_page_is_made_of_it(dashboard: Dashboard) -> None:
    page = render(dashboard).decode()
    assert "Movie 1" in page
    assert "Movie 2" in page  # TMDB has no title of it
