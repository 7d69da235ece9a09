"""Patch the emulator to look up one table without listing every table.

Before, every look-up (does the table exist, its columns, which are required) listed all
tables, a dozen times for a query. Cost: table names are no longer case-sensitive.
"""

from dataclasses import dataclass

import duckdb
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database as engine
from local_bigquery.engine import types
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql.rules import partitions
from sqlglot import exp

type _Listed = list[tuple[str, str, int]]

TABLE, VIEW = "TABLE", "VIEW"

_stock_objects = engine.objects


@dataclass(frozen=True, slots=True)
class Described:
    """A table or view that exists.

    columns: name, type, whether it is required.
    """

    kind: str
    columns: list[tuple[str, duckdb.sqltypes.DuckDBPyType, bool]]


def look_up_single_tables() -> None:
    """Replace the three look-ups that list everything."""
    engine.objects = objects
    tables.columns = tabledata.columns = columns
    partitions._hidden = is_hidden  # noqa: SLF001 - no public way


def look(*path: str) -> Described | None:
    """Describe a table or view where it is stored; None if nothing is there."""
    kind = kind_of(*path)
    if kind is None:
        return None
    required = set()
    if kind == TABLE:
        required = {name for _, name, _, is_required, *_ in _info(*path) if is_required}
    with engine.cursor() as cursor:
        try:
            relation = cursor.sql(f"SELECT * FROM {engine.quote(*path)} LIMIT 0")
        except duckdb.CatalogException:
            return None
        described = zip(relation.columns, relation.types, strict=True)
        return Described(kind, [(name, of, name in required) for name, of in described])


def kind_of(*path: str) -> str | None:
    """Return TABLE or VIEW; None if nothing is there."""
    # Views first: to describe one, DuckDB binds its whole query.
    views = engine.fetch(
        "SELECT 1 FROM duckdb_views() "
        "WHERE database_name = ? AND schema_name = ? AND view_name = ?",
        list(path),
    )
    if views:
        return VIEW
    return TABLE if _info(*path) else None


def objects(project_id: str, dataset_id: str, table_id: str | None = None) -> _Listed:
    """List (name, TABLE or VIEW, rows) of the named table, or of all tables."""
    if table_id is None:
        listed: _Listed = _stock_objects(project_id, dataset_id)
        return listed
    kind = kind_of(project_id, dataset_id, table_id)
    if kind is None:
        return []
    if kind == VIEW:
        return [(table_id, VIEW, 0)]
    name = engine.quote(project_id, dataset_id, table_id)
    [(rows,)] = engine.fetch(f"SELECT COUNT(*) FROM {name}")
    return [(table_id, TABLE, rows)]


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return a table's columns; raise the original error if there is no table."""
    found = look(*tables.physical(project_id, dataset_id, table_id))
    if found is None:
        label = tables.names.label(project_id, dataset_id, table_id)
        raise tables.not_found("Table", label)
    return fields(found, dataset_id)


def fields(described: Described, dataset_id: str) -> list[TableFieldSchema]:
    """Return the columns with BigQuery's types, without the hidden column."""
    return [
        types.field(*column)
        for column in described.columns
        if column[0] != tables.INGESTION_TIME or dataset_id == tables.RESULTS
    ]


def is_hidden(table: exp.Table) -> bool:
    """Return whether a table is partitioned by ingestion time, a hidden column."""
    if not (table.catalog and table.db) or not isinstance(table.this, exp.Identifier):
        return False
    info = _info(table.catalog, table.db, table.name)
    return any(name == tables.INGESTION_TIME for _, name, *_ in info)


def _info(*path: str | None) -> list[tuple[int, str, str, bool]]:
    """Return (position, name, type, is required) of each column; [] if no table."""
    if None in path:  # a variable of a script, which has no dataset
        return []
    try:
        info: list[tuple[int, str, str, bool]] = engine.fetch(
            f"PRAGMA table_info({_literal(engine.quote(*path))})"
        )
    except duckdb.CatalogException:
        return []
    return info


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
