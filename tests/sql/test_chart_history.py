"""chart_history keeps what the views show: every list of them, place by place."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from shared import sql_files
from tests.sql import cases
from tests.sql.sandbox import Sandbox
from tests.sql.small import add_small

pytestmark = pytest.mark.emulator

RECORD = sql_files.of_folder("gate")["record"]
SHOWN = {
    "chart": ("v_popularity_chart", "popularity_rank", "last_updated"),
    "gaining": ("v_top_gaining_movies", "gaining_rank", "last_updated"),
    "declining": ("v_top_declining_movies", "declining_rank", "last_updated"),
    "viral": ("v_top_viral_movies", "viral_rank", "last_updated"),
    "emerging": ("v_emerging_viral_trends", "emerging_rank", "last_updated"),
    "breakouts": ("v_breakouts", None, "started_on"),
}
"""A list: its view, the view's column of places, and its column of days."""
WHOSE_CASES = [
    *(view for view, *_ in SHOWN.values()),
    *("v_popularity_ranks", "v_movie_score_explained", "record"),
]
DAYS = {"from_date": date(2026, 1, 1), "to_date": date(2026, 6, 30)}
WHO = {"run_id": "daily-2026-03-20", "code_version": "test"}


def record(sandbox: Sandbox) -> None:
    sandbox.select(RECORD, **DAYS, **WHO)


@dataclass(frozen=True, slots=True)
class _Lists:
    """Rows of day, place and movie_id by list, as its view shows and as recorded."""

    shown: dict[str, list[dict[str, Any]]]
    recorded: dict[str, list[dict[str, Any]]]


@pytest.fixture(
    scope="module",
    params=[path for path in cases.paths() if path.parent.name in WHOSE_CASES],
    ids=cases.name_of,
)
def lists(request: pytest.FixtureRequest, prepared: Sandbox) -> _Lists:
    """Record the lists of a hand-worked case."""
    prepared.clear()
    tables = dict(cases.read(request.param).tables)
    for file in sql_files.views():
        if file.name in {view for view, *_ in SHOWN.values()}:
            add_small(file, tables)
    for table, rows in tables.items():
        if table != "chart_history":
            prepared.load(table, rows)
    shown = {name: _shown(prepared, name) for name in SHOWN}
    record(prepared)
    return _Lists(shown, {name: _recorded(prepared, name) for name in SHOWN})


def _shown(sandbox: Sandbox, list_name: str) -> list[dict[str, Any]]:
    view, place, day = SHOWN[list_name]
    place = (
        place or f"ROW_NUMBER() OVER (PARTITION BY {day} ORDER BY surge DESC, movie_id)"
    )
    return sandbox.select(
        f"SELECT {day} AS day, {place} AS place, movie_id FROM tmdb_analytics.{view}\n"
        "ORDER BY day, place, movie_id"
    )


def _recorded(sandbox: Sandbox, list_name: str) -> list[dict[str, Any]]:
    """Return what is recorded of the day that the view shows; of breakouts all."""
    recorded = sandbox.select(
        "SELECT snapshot_date AS day, rank AS place, movie_id\n"
        "FROM tmdb_analytics.chart_history\n"
        f"WHERE list_name = '{list_name}' AND movie_id IS NOT NULL\n"
        "ORDER BY day, place, movie_id"
    )
    if list_name == "breakouts":
        return recorded
    [of_day] = sandbox.select(
        "SELECT MAX(snapshot_date) AS day FROM tmdb_analytics.v_published_days\n"
        + ("WHERE has_votes" if list_name == "emerging" else "")
    )
    return [row for row in recorded if row["day"] == of_day["day"]]


@pytest.mark.parametrize("list_name", SHOWN)
def test_a_recorded_list_is_what_its_view_shows(list_name: str, lists: _Lists) -> None:
    """For every hand-worked case of a list: the same movies at the same places."""
    shown = lists.shown[list_name]
    assert list_name == "breakouts" or len({row["day"] for row in shown}) <= 1
    assert lists.recorded[list_name] == shown


def test_a_list_that_has_not_changed_adds_nothing_and_one_that_has_is_new(
    sandbox: Sandbox,
) -> None:
    case = cases.read(cases.HERE / "record/six_lists")
    for table, rows in case.tables.items():
        sandbox.load(table, rows)
    record(sandbox)
    first = sandbox.rows("chart_history")
    assert len({row["published_at"] for row in first}) == 1
    record(sandbox)
    assert sandbox.rows("chart_history") == first

    # A difference in the last digits is no change; another title is.
    for change, lists in (
        ("movie_metrics_aggregated SET popularity = popularity + 1e-9", set()),
        # Movie 2 is on four lists.
        (
            "movies SET title = 'Dong' WHERE movie_id = 2",
            {"chart", "declining", "viral", "breakouts"},
        ),
    ):
        where = "" if "WHERE" in change else " WHERE TRUE"
        sandbox.select(f"UPDATE tmdb_analytics.{change}{where}")
        before = {row["published_at"] for row in sandbox.rows("chart_history")}
        record(sandbox)
        new = [
            row
            for row in sandbox.rows("chart_history")
            if row["published_at"] not in before
        ]
        assert {row["list_name"] for row in new} == lists
    # The earlier vintage is unchanged.
    kept = [row for row in sandbox.rows("chart_history") if row in first]
    assert len(kept) == len(first)


def test_the_list_of_lists_is_one() -> None:
    """Each is ranked once and, without movies, stored as empty."""
    named = re.findall(r"STRUCT\('(\w+)'", RECORD)

    assert named == [*SHOWN, *SHOWN]
