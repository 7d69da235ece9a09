"""Hand-worked SQL cases, run by the real client on the emulator."""

from pathlib import Path

import pytest

from tests.sql import cases
from tests.sql.cases import QUERIES, READ_ONLY, STATEMENTS, VIEWS
from tests.sql.sandbox import Sandbox


@pytest.mark.emulator
@pytest.mark.parametrize("path", cases.paths(), ids=cases.name_of)
def test_case(path: Path, sandbox: Sandbox) -> None:
    case = cases.read(path)
    for table, rows in case.tables.items():
        sandbox.load(table, rows)

    if statement := STATEMENTS.get(case.name):
        sandbox.select(statement.sql, **case.days)

    if query := READ_ONLY.get(case.name):
        found = sandbox.select(query, **case.days)
    else:
        found = sandbox.rows(case.made, case.where)
    assert case.reduced(found) == case.expected()


def test_every_file_has_a_case() -> None:
    named = {path.parent.name for path in cases.paths()}

    # test_queries.py runs the queries, all of them.
    assert named - QUERIES.keys() == STATEMENTS.keys() | VIEWS | (
        READ_ONLY.keys() - QUERIES.keys()
    )
