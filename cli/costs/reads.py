"""Reads: the SQL files in, which tables each query of a metrics run reads out."""

from collections.abc import Mapping

from functions.compute_metrics import checks
from shared import sql_files
from shared.sql_files import SQL, Statement


def of_metrics() -> list[frozenset[str]]:
    """Return the stored tables of each query of one computation, through its views."""
    views = {view.name: view for view in sql_files.views()}
    tables = frozenset(path.stem for path in SQL.glob("schemas/*.json"))
    queries = [
        *sql_files.daily(),
        Statement("checks", checks.as_one_query(checks.read())),
        sql_files.gate()["publish"],
    ]
    return [_tables(query, views, tables) for query in queries]


def _tables(
    query: Statement, views: Mapping[str, Statement], tables: frozenset[str]
) -> frozenset[str]:
    found: set[str] = set()
    seen: set[str] = set()
    left = set(query.reads_or_makes)
    while left:
        name = left.pop()
        seen.add(name)
        if name in tables:
            found.add(name)
        elif name in views:
            left |= views[name].reads_or_makes - seen
    return frozenset(found)
