"""Checks: severities, their query, the meaning of its rows, and the days left out."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.compute_metrics.checks import (
    EXAMPLES_PER_DAY,
    Check,
    Finding,
    Severity,
    as_one_query,
    findings,
    read,
)
from shared.sql_files import SQL, Statement

DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(1)
FAIL = Check(Statement("orphans", "SELECT 1 -- of orphans\n"), Severity.FAIL)
WARN = Check(Statement("coverage", "SELECT 2"), Severity.WARN)


def _row(check: str, day: date, **fields: Any) -> dict[str, Any]:
    return {
        "check_name": check,
        "severity": "warn" if check == "coverage" else "fail",
        "day": day,
        "movie_id": None,
        "problem": "it is odd",
        "offending": 1,
        **fields,
    }


def test_every_file_has_a_severity() -> None:
    checks = read()

    assert [check.statement.name for check in checks] == sorted(
        path.stem for path in SQL.glob("checks/*.sql")
    )
    assert {check.statement.name for check in checks if check.severity == "fail"} == {
        "duplicate_keys",
        "freshness",
        "orphan_rows",
        "values_in_range",
    }
    assert {check.statement.name for check in checks if check.severity == "hold"} == {
        "withheld_days"
    }


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "-- Severity: bad\nSELECT 1",
        "-- Severity:\nSELECT 1",
        "-- Severity: fail or warn\nSELECT 1",
        "SELECT 1  -- Severity: fail",
    ],
)
def test_a_file_without_a_severity_is_named(sql: str, tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks/good.sql").write_text("-- Severity: warn\nSELECT 1")
    (tmp_path / "checks/odd.sql").write_text(sql)

    with pytest.raises(
        ValueError, match=r"odd\.sql needs a line '-- Severity: fail', 'hold'"
    ):
        read(tmp_path)


def test_a_severity_is_read_from_its_line(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    text = "-- odd: says something.\n-- Severity: warn\n-- Grain: none.\nSELECT 1\n"
    (tmp_path / "checks/odd.sql").write_text(text)

    assert read(tmp_path) == [Check(Statement("odd", text), Severity.WARN)]


def test_the_checks_become_one_query() -> None:
    query = as_one_query([FAIL, WARN])

    assert query.count("UNION ALL") == 1
    assert "SELECT 'orphans' AS check_name, 'fail' AS severity, day," in query
    assert "SELECT 'coverage' AS check_name, 'warn' AS severity, day," in query
    # A comment at the end of a file must not comment out the bracket.
    assert "(\nSELECT 1 -- of orphans\n)" in query
    assert f"<= {EXAMPLES_PER_DAY}" in query


def test_a_lone_check_is_a_query_too() -> None:
    assert "UNION ALL" not in as_one_query([FAIL])


def test_the_query_says_what_it_is_in_its_first_line_and_asks_for_days_only() -> None:
    query = as_one_query(read())

    assert query.startswith("-- checks: ")
    assert set(re.findall(r"@(\w+)", query)) == {"from_date", "to_date"}
    assert ";" not in re.sub(r"--.*|'[^']*'", "", query)


def test_rows_of_a_check_and_day_are_one_finding() -> None:
    rows = [
        _row("orphans", DAY, movie_id=7, problem="no metrics", offending=12),
        _row("orphans", DAY, movie_id=9, problem="no snapshot", offending=12),
        _row("orphans", NEXT, movie_id=7, problem="no metrics"),
        _row("coverage", DAY, problem="coverage 0.5 is below 0.99"),
    ]

    assert findings(rows) == [
        Finding(
            "orphans",
            Severity.FAIL,
            DAY,
            12,
            ("movie 7: no metrics", "movie 9: no snapshot"),
        ),
        Finding("orphans", Severity.FAIL, NEXT, 1, ("movie 7: no metrics",)),
        Finding("coverage", Severity.WARN, DAY, 1, ("coverage 0.5 is below 0.99",)),
    ]


def test_no_rows_are_no_findings() -> None:
    assert findings([]) == []


def test_a_finding_says_it_in_one_line() -> None:
    finding = Finding("orphans", Severity.FAIL, DAY, 12, ("movie 7: a", "movie 9: b"))

    assert str(finding) == "orphans: 12 on 2026-03-10, movie 7: a; movie 9: b"


def test_only_a_failing_check_makes_a_failure() -> None:
    found = findings(
        [
            _row("coverage", DAY),
            _row("orphans", NEXT),
            _row("withheld_days", NEXT, severity="hold"),
        ],
    )

    assert [one.check for one in found if one.is_failure] == ["orphans"]
