"""Read cases: tests/sql/<file>/<case>/{given,expect}.yaml.

given: rows by table (`movie_id: 1..30` is thirty of them, `series:` a movie's values
over days: series.py), `defaults` for columns that do not matter there, and the days
(from, to) that a statement or check runs for, and the first days of sql/windows where
they are not the earliest. expect:
the rows of the table or view that the file makes, or that the check or query returns,
by `key`, no more and no fewer; each names the columns it is about. `where` narrows what
is looked at. Views show published days: the days of the given rows are, unless the case
gives catalogue_days itself. Small tables (small.py) that it does not give are computed
of the other rows, as a publication does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.compute_metrics import checks
from shared import sql_files
from tests.sql.series import expand
from tests.sql.small import LATEST, add_small, earliest_days

HERE = Path(__file__).parent
GATE = {
    name: sql_files.Statement(name, sql)
    for name, sql in sql_files.of_folder("gate").items()
}
_ABOUT_TRACKING = sql_files.of_folder("tracking")
TRACKING = {
    name: sql_files.Statement(name, _ABOUT_TRACKING[name])
    for name in ("retire", "select_all", "track")
}
TRACKED = {name: sql for name, sql in _ABOUT_TRACKING.items() if name not in TRACKING}
"""Statements that only read the tracked movies."""
_ABOUT_ATTENTION = sql_files.of_folder("attention")
ATTENTION_TABLES = {
    "keep_articles": "movie_articles",
    "read_day": "movie_attention_daily",
}
ATTENTION = {
    name: sql_files.Statement(name, _ABOUT_ATTENTION[name]) for name in ATTENTION_TABLES
}
ATTENDED = {
    name: sql for name, sql in _ABOUT_ATTENTION.items() if name not in ATTENTION
}
"""Statements that only read which articles and days are known."""
STATEMENTS = {
    **{file.name: file for file in sql_files.daily()},
    **GATE,
    **TRACKING,
    **ATTENTION,
}
DAYS = "catalogue_days"
VIEWS = {path.stem for path in (sql_files.SQL / "views").glob("*.sql")}
CHECKS = {check.statement.name: check.statement.sql for check in checks.read()}
QUERIES = {
    path.stem: path.read_text() for path in (sql_files.SQL / "queries").glob("*.sql")
}
DASHBOARD = {
    f"dashboard_{path.stem}": path.read_text()
    for path in (sql_files.SQL / "dashboard").glob("*.sql")
}
ALERT = {sql_files.new_breakouts().name: sql_files.new_breakouts().sql}
WINDOWS = sql_files.windows()
READ_ONLY = WINDOWS | CHECKS | QUERIES | DASHBOARD | ALERT | TRACKED | ATTENDED

PARAMETERS = (
    *(
        "answers",
        "day",
        "as_of",
        "code_version",
        "reason",
        "run_date",
        "run_id",
        "export_date",
    ),
    *("details_per_day", "most_moved", "most_popular"),
    *("newest_day", "newest_day_with_votes"),
    *WINDOWS,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One hand-worked case: what is given, and what is to be found."""

    path: Path
    tables: Mapping[str, list[dict[str, Any]]]
    days: Mapping[str, date | str | int]
    """from_date, to_date and PARAMETERS, where the file takes them."""
    expect: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The SQL file's."""
        return self.path.parent.name

    @property
    def where(self) -> str:
        """Which rows are looked at."""
        return str(self.expect.get("where", "TRUE"))

    @property
    def made(self) -> str:
        """The table or view that the file makes."""
        if self.name in GATE:
            return {"record": "chart_history", LATEST: LATEST}.get(self.name, DAYS)
        if self.name in TRACKING:
            is_landing = self.name == "select_all"
            return "tracked_movies_raw" if is_landing else "tracked_movies"
        if self.name in ATTENTION_TABLES:
            return ATTENTION_TABLES[self.name]
        return self.name if self.name in VIEWS else self.name[3:]

    def reduced(self, rows: list[dict[str, Any]]) -> dict[Any, Any]:
        """Reduce found rows to the columns that the expected row of their key names."""
        wanted = self.keyed(self.expect["rows"])
        found = self.keyed(rows)
        assert len(found) == len(rows), f"{self.expect['key']} is not unique"
        return {
            of: {name: row[name] for name in wanted.get(of, row)}
            for of, row in found.items()
        }

    def expected(self) -> dict[Any, Any]:
        """Return the expected rows by key, floats to 1e-9."""
        return {
            of: {
                name: pytest.approx(value, rel=1e-9)
                if isinstance(value, float)
                else value
                for name, value in row.items()
            }
            for of, row in self.keyed(self.expect["rows"]).items()
        }

    def keyed(self, rows: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
        """Return rows by the key of the case."""
        return {tuple(row[name] for name in self.expect["key"]): row for row in rows}


def paths() -> list[Path]:
    """Return the folder of every case."""
    return sorted(path.parent for path in HERE.glob("*/*/given.yaml"))


def name_of(path: Path) -> str:
    """Return the name of a case for the test's id."""
    return str(path.relative_to(HERE))


@cache
def read(path: Path) -> Case:
    """Read a case."""
    given = yaml.safe_load((path / "given.yaml").read_text())
    expect = yaml.safe_load((path / "expect.yaml").read_text())
    reads_views = VIEWS | QUERIES.keys() | DASHBOARD.keys() | ALERT.keys()
    shows_published = path.parent.name in reads_views
    days = {f"{end}_date": given[end] for end in ("from", "to") if end in given}
    days |= {name: given[name] for name in PARAMETERS if name in given}
    statement = STATEMENTS.get(path.parent.name)
    if statement and "from" in given:
        days = earliest_days(statement.sql, given["from"]) | days
    tables = _rows(given, is_published=shows_published)
    if shows_published:
        add_small(_statement(path.parent.name), tables)
    return Case(path, tables, days, expect)


def _statement(name: str) -> sql_files.Statement:
    if text := READ_ONLY.get(name):
        return sql_files.Statement(name, text)
    return next(view for view in sql_files.views() if view.name == name)


def _rows(
    given: Mapping[str, Any], *, is_published: bool
) -> dict[str, list[dict[str, Any]]]:
    """Return the given rows by table, with their days as published where asked."""
    defaults = given.get("defaults", {})
    tables = {
        table: [
            each
            for row in rows
            for one in _each(defaults.get(table, {}) | row)
            for each in expand(table, one)
        ]
        for table, rows in given["rows"].items()
    }
    if is_published and DAYS not in tables:
        with_votes: dict[Any, bool] = {}
        for row in (row for rows in tables.values() for row in rows):
            if day := row.get("snapshot_date") or row.get("calculation_date"):
                has_votes = row.get("vote_count") is not None
                with_votes[day] = with_votes.get(day, False) or has_votes
        tables[DAYS] = [
            {
                "snapshot_date": day,
                "has_votes": has_votes,
                "is_catalogue_shift": False,
                "is_published": True,
            }
            for day, has_votes in with_votes.items()
        ]
    return tables


def _each(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the row, or one per movie of `movie_id: first..last`."""
    first, dots, last = str(row.get("movie_id")).partition("..")
    if not dots:
        yield row
        return
    for movie_id in range(int(first), int(last) + 1):
        yield row | {"movie_id": movie_id}
