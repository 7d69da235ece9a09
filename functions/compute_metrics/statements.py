"""Statements: the files of sql/ in, what to run and in which order out. Pure.

The views, the thresholds among them, are made once per instance, each after those it
reads; the statements that take days run for every request, in the order of their
numbers.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

SQL = Path(__file__).parents[2] / "sql"
_NAMED = re.compile(r"\btmdb_analytics\.(\w+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL file: its name without the ending, and its text."""

    name: str
    sql: str

    @property
    def reads_or_makes(self) -> frozenset[str]:
        """Tables and views the statement names."""
        return frozenset(_NAMED.findall(self.sql))

    @property
    def takes_days(self) -> bool:
        """Whether it wants @from_date and @to_date."""
        return "@from_date" in self.sql


def daily(folder: Path = SQL) -> list[Statement]:
    """Return the numbered files that take days, in the order of their numbers."""
    return [statement for statement in _numbered(folder) if statement.takes_days]


def views(folder: Path = SQL) -> list[Statement]:
    """Return what makes a view: the other numbered files, then views/ as it reads."""
    once = [statement for statement in _numbered(folder) if not statement.takes_days]
    by_name = {view.name: view for view in _read(folder.glob("views/*.sql"))}
    return once + [by_name[name] for name in _order(by_name)]


def gate(folder: Path = SQL) -> dict[str, Statement]:
    """Return what publishes days and what withholds them, by name."""
    return {statement.name: statement for statement in _read(folder.glob("gate/*.sql"))}


def new_breakouts(folder: Path = SQL) -> Statement:
    """Return the query of what the alert tells: who broke out on the days."""
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
