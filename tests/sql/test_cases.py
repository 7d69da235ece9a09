"""Hand-worked cases: tests/sql/<file>/<case>/{given,expect}.yaml.

given: rows by table, `defaults` for columns that do not matter there, and the days
(from, to) that a numbered statement runs for. expect: the rows of the table or view
that the file makes, by `key`, no more and no fewer; each names the columns it is about.
`where` narrows what is looked at.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.compute_metrics import statements
from tests.sql.sandbox import Sandbox

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/given.yaml"))
STATEMENTS = {file.name: file for file in statements.daily()}
VIEWS = {path.stem for path in (statements.SQL / "views").glob("*.sql")}


@pytest.mark.emulator
@pytest.mark.parametrize(
    "case", CASES, ids=[str(case.relative_to(HERE)) for case in CASES]
)
def test_case(case: Path, sandbox: Sandbox) -> None:
    given = yaml.safe_load((case / "given.yaml").read_text())
    expect = yaml.safe_load((case / "expect.yaml").read_text())
    defaults = given.get("defaults", {})
    for table, rows in given["rows"].items():
        sandbox.load(table, [defaults.get(table, {}) | row for row in rows])
    name = case.parent.name

    if name in STATEMENTS:
        sandbox.compute(given["from"], given["to"], [STATEMENTS[name]])

    made = name if name in VIEWS else name[3:]
    found = sandbox.rows(made, expect.get("where", "TRUE"))
    assert _by_key(found, expect) == _approximately(expect)


def test_every_file_has_a_case() -> None:
    assert {case.parent.name for case in CASES} == STATEMENTS.keys() | VIEWS


def _by_key(rows: list[dict[str, Any]], expect: Mapping[str, Any]) -> dict[Any, Any]:
    """Reduce found rows to the columns that the expected row of their key names."""
    key = expect["key"]
    wanted = {tuple(row[name] for name in key): row for row in expect["rows"]}
    found = {tuple(row[name] for name in key): row for row in rows}
    assert len(found) == len(rows), f"{key} is not unique"
    return {
        of: {name: row[name] for name in wanted.get(of, row)}
        for of, row in found.items()
    }


def _approximately(expect: Mapping[str, Any]) -> dict[Any, Any]:
    return {
        tuple(row[name] for name in expect["key"]): {
            name: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
            for name, value in row.items()
        }
        for row in expect["rows"]
    }
