"""Queries of the page, on a small catalogue that the pipeline's SQL has computed.

The page's data are compared with the rows of the views.
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
from shared import sql_files, sql_scripts
from shared.bigquery import Warehouse
from tests.functions.render_dashboard.html_tables import Tables

pytestmark = pytest.mark.emulator

MOVIES = 12
DAYS = [date(2026, 3, 1) + timedelta(n) for n in range(20)]
NEWEST = DAYS[-1]
MISSING = DAYS[5]
NOW = datetime(2026, 3, 21, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Return a dataset with 20 days of 12 movies; one of them surges at the end."""
    with local_tables.emulated(tmp_path_factory.mktemp("bigquery")) as client:
        yield Warehouse(client, local_tables.DATASET, max_bytes_billed=10**9)


@pytest.fixture(scope="module")
def empty(tables: Warehouse) -> Dashboard:
    """Return the page's content before the first run."""
    return read(tables, NEWEST, NOW, "a test")


@pytest.fixture(scope="module")
def dashboard(tables: Warehouse, empty: Dashboard) -> Dashboard:
    """Return the page's content of the newest day."""
    assert empty["movies"] == []
    rows = [_landed(movie, day) for day in DAYS for movie in range(1, MOVIES + 1)]
    rows = [row for row in rows if row["run_date"] != str(MISSING)]
    ids = [f"{row['movie_id']} {row['run_date']}" for row in rows]
    assert not tables.append("movie_details_raw", rows, ids)
    assert not tables.append("batch_plan", [PLAN], ["plan"])
    days: dict[str, Any] = {"from_date": DAYS[0], "to_date": NEWEST}
    for statement in sql_files.daily():
        tables.execute(sql_scripts.alone(statement), **days)
    tables.execute(sql_scripts.gate_script("publish"), **days)
    assert not [row for row in tables.select(CHECKS, **days) if _fails(row)]
    tables.execute(FOUND)
    tables.execute(OUTLOOKS)
    tables.execute(sql_scripts.small_tables(), **days)
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


PLAN = {
    "run_id": f"daily-{NEWEST}",
    "run_date": str(NEWEST),
    "batch_no": 1,
    "mode": "daily",
    "batch_count": 1,
    "movie_ids": list(range(1, MOVIES + 1)),
    "created_at": f"{NEWEST}T09:00:00Z",
}

# No state has 30 of the 12 movies, so every outlook is set to 60 to 130.
OUTLOOKS = """
UPDATE tmdb_analytics.movie_metrics_aggregated
SET popularity_outlook_7d_low = 60.0, popularity_outlook_7d_high = 130.0
WHERE calculation_date = DATE '2026-03-12'
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
    assert sentence.endswith(" UTC: chart (11 new, 1 gone, 1 moved).")
    assert sentence in render(dashboard).decode()


def test_the_page_is_made_of_it(dashboard: Dashboard) -> None:
    page = render(dashboard).decode()
    assert "Movie 1" in page
    assert "Movie 2" in page  # TMDB has no title for it


@pytest.fixture(scope="module")
def page(dashboard: Dashboard) -> Tables:
    return Tables(render(dashboard).decode())


def _rows(tables: Warehouse, source: str) -> list[dict[str, Any]]:
    return tables.select(f"SELECT * FROM tmdb_analytics.{source}")


def _range(low: float, high: float) -> str:
    return f"{wording.signed(low)} to {wording.signed(high)}"


def _places(value: int | None) -> str:
    if value is None:
        return wording.NOTHING
    if value == 0:
        return "=unchanged"
    word = "\N{BLACK UP-POINTING TRIANGLE}up" if value > 0 else ""
    return f"{word or chr(0x25BC) + 'down'} {abs(value)}"


@pytest.mark.parametrize(
    ("label", "view", "place"),
    [
        ("gaining-title", "v_top_gaining_movies", "gaining_rank"),
        ("losing-title", "v_top_declining_movies", "declining_rank"),
    ],
)
def test_movers_have_the_numbers_of_their_views(
    label: str, view: str, place: str, tables: Warehouse, page: Tables
) -> None:
    ranks = {row["movie_id"]: row for row in _rows(tables, "v_popularity_ranks")}
    expected = [
        (
            wording.number(row["current_popularity"]),
            wording.percent(row["weekly_pct_change"]),
            _places(ranks[row["movie_id"]]["rank_change_7d"]),
        )
        for row in _rows(tables, f"{view} ORDER BY {place} LIMIT 10")
    ]
    assert expected
    assert page.columns(label, 2, 3, 4) == expected


def test_the_chart_has_the_numbers_of_its_view(tables: Warehouse, page: Tables) -> None:
    expected = [
        (
            str(row["popularity_rank"]),
            wording.number(row["current_popularity"]),
            _places(row["rank_change_7d"]),
            f"{row['peak_rank']} on {row['peak_date']:%-d %b}",
            str(row["days_on_chart"]),
        )
        for row in _rows(tables, "v_popularity_ranks ORDER BY popularity_rank")
    ]
    assert len(expected) == MOVIES
    assert page.columns("chart-title", 0, 4, 6, 7, 8) == expected


def test_the_viral_board_has_the_numbers_of_its_views(
    tables: Warehouse, page: Tables
) -> None:
    explained = {
        row["movie_id"]: row
        for row in _rows(tables, "v_movie_score_explained WHERE is_newest")
    }
    expected = []
    for row in _rows(tables, "v_top_viral_movies ORDER BY viral_rank LIMIT 20"):
        why = explained[row["movie_id"]]
        was_expected = why["popularity_expected"] * why["market_factor"]
        expected.append(
            (
                wording.score(row["viral_coefficient"]),
                why["virality_category"],
                wording.count(why["votes_3d"]),
                wording.count(why["votes_3d_expected"], 1),
                wording.number(why["popularity_now"]),
                wording.number(was_expected),
            )
        )
    assert expected
    assert page.columns("viral-title", 2, 4, 5, 6, 7, 8) == expected


def test_emerging_movies_have_the_numbers_of_their_view(
    tables: Warehouse, page: Tables
) -> None:
    rows = _rows(tables, "v_emerging_viral_trends ORDER BY emerging_rank")
    expected = [
        (
            wording.count(row["vote_velocity_7d"], 1),
            wording.signed(row["vote_acceleration_7d"]),
            _range(row["vote_acceleration_7d_low"], row["vote_acceleration_7d_high"]),
            wording.score(row["current_viral_score"]),
            wording.signed(row["viral_score_change_7d"], 0),
        )
        for row in rows
    ]
    assert expected
    assert page.columns("emerging-title", 2, 3, 4, 5, 6) == expected


def test_genres_and_cohorts_have_the_numbers_of_their_queries(
    tables: Warehouse, dashboard: Dashboard, page: Tables
) -> None:
    genres = tables.select(
        (sql_files.SQL / "queries/genre_performance.sql").read_text()
    )
    assert dashboard["genres"] == genres
    assert page.columns("genres-title", 0, 1, 2, 3, 4, 5) == [
        (
            row["genre"],
            wording.count(row["movies"]),
            wording.percent(row["weekly_pct_change_median"]),
            f"{wording.count(row['viral_pct'], 1)} %",
            wording.count(row["votes_per_day_mean"], 1),
            wording.count(row["breakouts"]),
        )
        for row in genres
    ]
    cohorts = tables.select((sql_files.SQL / "queries/release_cohorts.sql").read_text())
    assert dashboard["cohorts"] == cohorts
    assert cohorts
    words = ("falling", "declining", "stable", "rising", "surging")
    assert page.columns("cohorts-title", 0, 1, 2, 3, 4, 5, 6) == [
        (
            row["release_cohort"],
            wording.count(row["movies_judged"]),
            *(f"{wording.count(row[f'{word}_pct'], 1)} %" for word in words),
        )
        for row in cohorts
    ]


def test_whether_to_trust_it_is_shown_with_the_numbers_of_the_views(
    tables: Warehouse, dashboard: Dashboard, page: Tables
) -> None:
    days = _rows(tables, "catalogue_days ORDER BY snapshot_date DESC")
    days = [row for row in days if DAYS[0] <= row["snapshot_date"] <= NEWEST]
    # The page lists the newest day first, and so does the query.
    assert sorted(page.columns("days-title", 0, 1, 2)) == sorted(
        (
            f"{row['snapshot_date']:%-d %b}",
            wording.count(row["movies_observed"]),
            wording.share(row["coverage"]),
        )
        for row in days
    )
    outlooks = _rows(tables, "v_outlook_coverage WHERE outlooks > 0")
    assert len(outlooks) == 1
    assert page.columns("outlook-title", 0, 1, 2) == [
        (
            f"{row['snapshot_date']:%-d %b}",
            wording.count(row["outlooks"]),
            f"{wording.count(row['outlooks_inside_pct'], 1)} %",
        )
        for row in outlooks
    ]
    runs = _rows(tables, "v_run_status ORDER BY started_at DESC, run_id LIMIT 20")
    assert [row["run_id"] for row in dashboard["runs"]] == [f"daily-{NEWEST}"]
    assert page.columns("runs-title", 0, 1, 2) == [
        (
            row["run_id"],
            row["state"].lower(),
            f"{wording.count(row['fetched'])} of {wording.count(row['expected'])}",
        )
        for row in runs
    ]
    [thresholds] = _rows(tables, "metric_thresholds")
    assert page.columns("Thresholds", 0, 1) == [
        (name, f"{value:g}") for name, value in thresholds.items()
    ]
    assert page.columns("findings-title", 0, 2) == [(f"{NEWEST:%-d %b}", "2")]


def test_cards_have_the_numbers_of_the_views(
    tables: Warehouse, dashboard: Dashboard
) -> None:
    html = render(dashboard).decode()
    for view, place in (
        ("v_top_gaining_movies", "gaining_rank"),
        ("v_top_declining_movies", "declining_rank"),
    ):
        [row] = _rows(tables, f"{view} WHERE {place} = 1")
        assert (
            f"Popularity {wording.percent(row['weekly_pct_change'])} in a week, now "
            f"{wording.number(row['current_popularity'])} and #"
        ) in html
