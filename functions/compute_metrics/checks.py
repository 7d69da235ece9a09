"""Join the files of sql/checks into one query, and judge the rows it returns. Pure.

Every check returns offending rows: day, movie_id (NULL if it is about the whole day)
and the problem in words. A check with severity `fail` or `hold` withholds its days.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from shared.sql_files import SQL, Statement

EXAMPLES_PER_DAY = 3
"""Offending rows that are quoted per check and day."""

_SEVERITY = re.compile(r"^-- Severity: (\w+)$", re.MULTILINE)


class Severity(StrEnum):
    """The severity of a check: what an offending row means for its day."""

    FAIL = "fail"
    """The day must not be published: its numbers are wrong."""
    HOLD = "hold"
    """An operator withholds the day, whatever its numbers are."""
    WARN = "warn"
    """The day is published, and the finding is logged as a warning."""


@dataclass(frozen=True, slots=True)
class Check:
    """One file of sql/checks."""

    statement: Statement
    severity: Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found on one day."""

    check: str
    severity: Severity
    day: date
    rows: int
    examples: tuple[str, ...]

    @property
    def is_failure(self) -> bool:
        """Whether the day must not be published."""
        return self.severity is Severity.FAIL

    def __str__(self) -> str:
        """Return the finding in one line."""
        return f"{self.check}: {self.rows} on {self.day}, {'; '.join(self.examples)}"


def read(folder: Path = SQL) -> list[Check]:
    """Read every check; ValueError names one without a severity."""
    return [_read(path) for path in sorted(folder.glob("checks/*.sql"))]


def as_one_query(checks: Iterable[Check]) -> str:
    """Join checks into one query: offending rows per check and day, a few quoted."""
    found = "\nUNION ALL\n".join(
        f"SELECT '{check.statement.name}' AS check_name,"
        f" '{check.severity}' AS severity, day, movie_id, problem\n"
        f"FROM (\n{check.statement.sql.strip()}\n)"
        for check in checks
    )
    return (
        "-- checks: what sql/checks find on the days\n"
        "SELECT check_name, severity, day, movie_id, problem,\n"
        "  COUNT(*) OVER (PARTITION BY check_name, day) AS offending\n"
        f"FROM (\n{found}\n)\n"
        "QUALIFY ROW_NUMBER() OVER (\n"
        "  PARTITION BY check_name, day ORDER BY movie_id, problem\n"
        f") <= {EXAMPLES_PER_DAY}\n"
        "ORDER BY check_name, day, movie_id, problem"
    )


def findings(rows: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Gather the query's rows by check and day."""
    groups: dict[tuple[str, date], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["check_name"], row["day"]), []).append(row)
    return [
        Finding(
            name,
            Severity(of[0]["severity"]),
            day,
            of[0]["offending"],
            tuple(map(_quote, of)),
        )
        for (name, day), of in groups.items()
    ]


def published_that_fail(rows: Iterable[Mapping[str, Any]]) -> frozenset[date]:
    """Return the published days that a failing check concerns.

    If there is one, the script has committed nothing.
    """
    return frozenset(
        row["day"]
        for row in rows
        if row["severity"] == Severity.FAIL and row["was_published"]
    )


def _read(path: Path) -> Check:
    sql = path.read_text()
    match = _SEVERITY.search(sql)
    if not match or match[1] not in set(Severity):
        raise ValueError(
            f"{path.name} needs a line '-- Severity: fail', 'hold' or 'warn'"
        )
    return Check(Statement(path.stem, sql), Severity(match[1]))


def _quote(row: Mapping[str, Any]) -> str:
    about = f"movie {row['movie_id']}: " if row["movie_id"] is not None else ""
    return about + str(row["problem"])
