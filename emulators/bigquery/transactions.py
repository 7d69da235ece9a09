"""Let the emulator run a MERGE within a transaction.

In: its MERGE, which begins a transaction of its own. Out: the same, except that it
takes part in the one that is open. It tries to begin one and relies on the refusal;
DuckDB 2.0 aborts the open transaction for such a try, so here the refusal comes first.
"""

from typing import Any

import duckdb
from local_bigquery.jobs import merge

_stock_run = merge.run


class _Within:
    """A cursor within a transaction: refuses to begin another."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def execute(self, sql: str, *rest: Any) -> Any:  # noqa: ANN401 - as DuckDB's
        if sql == "BEGIN":
            raise duckdb.TransactionException("a transaction is open")
        return self._cursor.execute(sql, *rest)


def merge_within_transactions() -> None:
    """Replace the MERGE."""
    merge.run = _run


def _run(cursor: duckdb.DuckDBPyConnection, *rest: Any) -> Any:  # noqa: ANN401 - as the emulator's
    return _stock_run(_Within(cursor) if _is_open(cursor) else cursor, *rest)


def _is_open(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Say whether a transaction is open: without one, each statement has its own id."""
    ids = [cursor.execute("SELECT txid_current()").fetchone() for _ in range(2)]
    return ids[0] == ids[1]
