"""Patch the emulator to run a MERGE within an open transaction.

local-bigquery's MERGE tries to begin a transaction of its own and, if that is refused,
uses the open one. DuckDB 2.0 aborts the open transaction at such an attempt, so the
patch refuses before DuckDB sees it.
"""

from typing import Any

import duckdb
from local_bigquery.jobs import merge

_stock_run = merge.run


class _Within:
    """A cursor within a transaction, which refuses to begin another one."""

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
    """Return whether a transaction is open: two statements then have one id."""
    ids = [cursor.execute("SELECT txid_current()").fetchone() for _ in range(2)]
    return ids[0] == ids[1]
