"""Statements: the files of sql/ in, what to run and in which order out. Pure.

sql/NN_*.sql run in the order of their numbers; sql/views/*.sql in the order in which
they read each other.
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


def numbered(folder: Path = SQL) -> list[Statement]:
    """Return sql/NN_*.sql in the order of their numbers."""
    return _read(folder.glob("[0-9][0-9]_*.sql"))


def views(folder: Path = SQL / "views") -> list[Statement]:
    """Return sql/views/*.sql, each after the views it reads."""
    by_name = {statement.name: statement for statement in _read(folder.glob("*.sql"))}
    return [by_name[name] for name in _order(by_name)]


def _order(by_name: Mapping[str, Statement]) -> Iterable[str]:
    reads = {
        name: (statement.reads_or_makes & by_name.keys()) - {name}
        for name, statement in by_name.items()
    }
    return TopologicalSorter(dict(sorted(reads.items()))).static_order()


def _read(paths: Iterable[Path]) -> list[Statement]:
    return [Statement(path.stem, path.read_text()) for path in sorted(paths)]
