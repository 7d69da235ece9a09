"""Read the files of sql/, in the order in which they are run. Pure.

Each view is made after the views that it reads; the thresholds are one of them. The
statements that take days run in the order of their numbers (sql_scripts.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

SQL = Path(__file__).parents[1] / "sql"
_NAMED = re.compile(r"\btmdb_analytics\.(\w+)")
_MAKES_VIEW = re.compile(
    r"^(?P<making>CREATE OR REPLACE VIEW tmdb_analytics\.(?P<view>\w+)) AS\n",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL file: its name without the ending, and its text."""

    name: str
    sql: str

    @property
    def reads_or_makes(self) -> frozenset[str]:
        """Tables and views that the statement names."""
        return frozenset(_NAMED.findall(self.sql))

    @property
    def takes_days(self) -> bool:
        """Whether it has the parameter @to_date, and so the first of the days."""
        return "@to_date" in self.sql

    @property
    def view(self) -> str:
        """Name of the view that the statement makes; ValueError if it makes none."""
        if match := _MAKES_VIEW.search(self.sql):
            return match["view"]
        raise ValueError(f"{self.name} makes no view")

    def labelled(self, key: str, value: str) -> str:
        """Return the statement of a view with a label added."""
        options = f"OPTIONS (labels = [('{key}', '{value}')])"
        return _MAKES_VIEW.sub(rf"\g<making>\n{options}\nAS\n", self.sql, count=1)


def daily(folder: Path = SQL) -> list[Statement]:
    """Return the numbered files that take days, in the order of their numbers."""
    return [statement for statement in _numbered(folder) if statement.takes_days]


def views(folder: Path = SQL) -> list[Statement]:
    """Return what makes views: the other numbered files, then views/ by dependency."""
    once = [statement for statement in _numbered(folder) if not statement.takes_days]
    by_name = {view.name: view for view in _read(folder.glob("views/*.sql"))}
    return once + [by_name[name] for name in _order(by_name)]


def windows(folder: Path = SQL) -> dict[str, str]:
    """Return the queries of the first days that statements read from, by variable."""
    return of_folder("windows", folder)


def of_folder(name: str, folder: Path = SQL) -> dict[str, str]:
    """Return the texts of a folder's statements by their names."""
    return {each.name: each.sql for each in _read(folder.glob(f"{name}/*.sql"))}


def _select_of(view: str, path: str) -> str:
    """Return the query that a view is made of, from the file that makes it."""
    makes = f"CREATE OR REPLACE VIEW tmdb_analytics.{view} AS\n"
    _, query = (SQL / path).read_text().split(makes)
    return query.strip("; \n")


def with_run_status(sql: str) -> str:
    """Return a query with v_run_status's own in its place: the view comes later."""
    thresholds = _select_of("metric_thresholds", "10_metric_thresholds.sql")
    status = _select_of("v_run_status", "views/v_run_status.sql")
    status = status.replace("tmdb_analytics.metric_thresholds", f"(\n{thresholds}\n)")
    return sql.replace("tmdb_analytics.v_run_status", f"(\n{status}\n)")


def new_breakouts(folder: Path = SQL) -> Statement:
    """Return the alert's query: the movies that broke out on the days."""
    return _read(folder.glob("alerts/new_breakouts.sql"))[0]


def _numbered(folder: Path) -> list[Statement]:
    return _read(folder.glob("[0-9][0-9]_*.sql"))


def _order(by_name: Mapping[str, Statement]) -> Iterable[str]:
    reads = {
        name: (statement.reads_or_makes & by_name.keys()) - {name}
        for name, statement in by_name.items()
    }
    return TopologicalSorter(dict(sorted(reads.items()))).static_order()


def _read(paths: Iterable[Path]) -> list[Statement]:
    return [Statement(path.stem, path.read_text()) for path in sorted(paths)]
