"""A case and what a file selects in; whether Google's reference implementation agrees.

What a file selects is executed on the given rows: a view's query, a check, a query to
paste, the source of a MERGE. A MERGE's source holds the rows it writes: each must be
expected, and what is expected and not among them must have been in the table before.
"""

from functions.compute_metrics.statements import SQL
from tests.sql import cases
from tests.sql.cases import CHECKS, QUERIES, STATEMENTS, Case
from tests.sql.googlesql import googlesql

MERGES_OLDER_ROWS = {
    "20_movies/newest_description": "a newer row in the table stands: the MERGE decides"
}


def text_of(case: Case) -> str:
    """Return the text of the case's SQL file."""
    if query := (CHECKS | QUERIES).get(case.name):
        return query
    if statement := STATEMENTS.get(case.name):
        return statement.sql
    return (SQL / "views" / f"{case.name}.sql").read_text()


def assert_agrees(case: Case, selects: str) -> None:
    """AssertionError, or the executor's own error, when it does not."""
    expected = case.expected()
    found = googlesql().select(
        f"SELECT * FROM (\n{selects}\n) WHERE {case.where}", case.tables, **case.days
    )
    if case.name not in STATEMENTS:
        assert case.reduced(found) == expected
        return
    written = case.keyed(found)
    stored = case.keyed(case.tables.get(case.made, []))
    assert len(written) == len(found)
    assert expected.keys() - written.keys() <= stored.keys()
    for key, row in written.items():
        named = {name for name in expected[key] if name in row}
        if cases.name_of(case.path) not in MERGES_OLDER_ROWS:
            assert {name: row[name] for name in named} == {
                name: expected[key][name] for name in named
            }
