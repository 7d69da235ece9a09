"""Patch the emulator's MERGE: within an open transaction, with the steps it needs.

local-bigquery's MERGE tries to begin a transaction of its own and, if that is refused,
uses the open one. DuckDB 2.0 aborts the open transaction at such an attempt, so the
patch refuses before DuckDB sees it.

It also stores the source, the pairs of rows that match, the rows to insert and the
stored rows that match nothing in four temporary tables, whatever the statement says.
Now a statement without WHEN NOT MATCHED BY SOURCE looks for no such rows. If nothing
can match (ON FALSE, which replaces rows), one DELETE and one INSERT do all of it.

Cost: none. The stored rows, their order and the counts are the same.
"""

from typing import Any

import duckdb
from local_bigquery.jobs import merge
from local_bigquery.models import JobStatistics2
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context
from sqlglot import exp

_stock_run = merge.run


class _Cursor:
    """A cursor that leaves out steps of a MERGE.

    is_open: within a transaction; it refuses to begin another one.
    has_orphans: a clause is about the stored rows that match nothing.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, *, is_open: bool, has_orphans: bool
    ) -> None:
        self._cursor = cursor
        self._is_open = is_open
        self._has_orphans = has_orphans

    def execute(self, sql: str, *rest: Any) -> Any:  # noqa: ANN401 - as DuckDB's
        if sql == "BEGIN" and self._is_open:
            raise duckdb.TransactionException("a transaction is open")
        if not self._has_orphans and merge.ORPHANS in sql.partition(" AS ")[0]:
            return self
        return self._cursor.execute(sql, *rest)

    def fetchone(self) -> None:
        """Return the result of a step that was left out."""


def patch_merges() -> None:
    """Replace the MERGE."""
    merge.run = _run


def _run(
    cursor: duckdb.DuckDBPyConnection, tree: exp.Merge, context: Context
) -> JobStatistics2:
    is_open = _is_open(cursor)
    if _only_replaces(tree):
        return _replace(cursor, tree, context, is_open=is_open)
    has_orphans = any(_is_by_source(when) for when in _whens(tree))
    steps = _Cursor(cursor, is_open=is_open, has_orphans=has_orphans)
    return _stock_run(steps, tree, context)


def _is_open(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Return whether a transaction is open: two statements then have one id."""
    ids = [cursor.execute("SELECT txid_current()").fetchone() for _ in range(2)]
    return ids[0] == ids[1]


def _whens(tree: exp.Merge) -> list[exp.When]:
    whens: list[exp.When] = tree.args["whens"].expressions
    return whens


def _is_by_source(when: exp.When) -> bool:
    return bool(not when.args.get("matched") and when.args.get("source"))


def _only_replaces(tree: exp.Merge) -> bool:
    """Return whether nothing matches, and rows are deleted first and inserted then."""
    whens, on = _whens(tree), tree.args["on"]
    if len(whens) != 2 or not (isinstance(on, exp.Boolean) and not on.this):  # noqa: PLR2004
        return False
    deletion, insertion = whens
    inserted = insertion.args["then"]
    return (
        _is_by_source(deletion)
        and not isinstance(deletion.args["then"], exp.Update)
        and not (insertion.args.get("matched") or _is_by_source(insertion))
        and insertion.args.get("condition") is None
        and isinstance(inserted, exp.Insert)
        and isinstance(inserted.expression, exp.Tuple)  # not INSERT ROW
    )


def _replace(
    cursor: duckdb.DuckDBPyConnection,
    tree: exp.Merge,
    context: Context,
    *,
    is_open: bool,
) -> JobStatistics2:
    """Store the source, delete, then insert: the source may read what is deleted."""

    def execute(sql: str) -> int:
        parsed = merge.sqlglot.parse_one(sql, dialect=BigQueryDialect)
        count = cursor.execute(*merge.translate(parsed, context)).fetchone()
        return int(count[0]) if count else 0

    deletion, insertion = _whens(tree)
    fresh = tree.args["using"]
    table, alias = _unaliased(tree.this), tree.this.alias_or_name
    fresh_alias = fresh.alias_or_name
    inserted = insertion.args["then"]
    columns = _sql(inserted.this) if inserted.this else ""
    values = ", ".join(map(_sql, inserted.expression.expressions))
    if not is_open:
        cursor.execute("BEGIN")
    try:
        execute(
            f"CREATE OR REPLACE TEMP TABLE {merge.SOURCE} AS "
            f"SELECT {fresh_alias}.* FROM {_unaliased(fresh)} AS {fresh_alias}"
        )
        deleted = execute(
            f"DELETE FROM {table} AS {alias} "
            f"WHERE {_sql(deletion.args.get('condition'))}"
        )
        written = execute(
            f"INSERT INTO {table} {columns} "
            f"SELECT {values} FROM {merge.SOURCE} AS {fresh_alias}"
        )
        cursor.execute(f"DROP TABLE IF EXISTS temp.{merge.SOURCE}")
    except BaseException:
        if not is_open:
            cursor.execute("ROLLBACK")
        raise
    if not is_open:
        cursor.execute("COMMIT")
    return JobStatistics2(
        numDmlAffectedRows=str(deleted + written),
        dmlStats={
            "insertedRowCount": str(written),
            "updatedRowCount": "0",
            "deletedRowCount": str(deleted),
        },
    )


def _sql(node: exp.Expr | None) -> str:
    """Return a part of a statement as text, from the cache of `trees.py` if known."""
    text: str = merge._sql(node)  # noqa: SLF001 - no public way
    return text


def _unaliased(node: exp.Expr) -> str:
    text: str = merge._unaliased(node)  # noqa: SLF001 - no public way
    return text
