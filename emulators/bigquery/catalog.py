"""Patch the emulator to look up one table without listing every table.

Every look-up ("does the table exist, which columns, which are required") listed all
tables, a dozen times a query. Cost: a table's name in the wrong case is found too.
"""

import duckdb
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database as engine
from local_bigquery.engine import types
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql.rules import partitions
from sqlglot import exp

type _Listed = list[tuple[str, str, int]]

_stock_objects = engine.objects


def look_up_single_tables() -> None:
    """Replace the three look-ups that list everything."""
    engine.objects = _objects
    tables.columns = tabledata.columns = _columns
    partitions._hidden = _hidden  # noqa: SLF001 - no public way


def _objects(project_id: str, dataset_id: str, table_id: str | None = None) -> _Listed:
    """List (name, TABLE or VIEW, rows): one if it is named, else all as before."""
    if table_id is None:
        listed: _Listed = _stock_objects(project_id, dataset_id)
        return listed
    # A view first: describing one binds its whole query.
    views = engine.fetch(
        "SELECT 1 FROM duckdb_views() "
        "WHERE database_name = ? AND schema_name = ? AND view_name = ?",
        [project_id, dataset_id, table_id],
    )
    if views:
        return [(table_id, "VIEW", 0)]
    if not _info(project_id, dataset_id, table_id):
        return []
    name = engine.quote(project_id, dataset_id, table_id)
    [(rows,)] = engine.fetch(f"SELECT COUNT(*) FROM {name}")
    return [(table_id, "TABLE", rows)]


def _columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return a table's columns; the original's error where there is no table."""
    physical = tables.physical(project_id, dataset_id, table_id)
    required = {name for _, name, _, is_required, *_ in _info(*physical) if is_required}
    with engine.cursor() as cursor:
        try:
            relation = cursor.sql(f"SELECT * FROM {engine.quote(*physical)} LIMIT 0")
        except duckdb.CatalogException:
            label = tables.names.label(project_id, dataset_id, table_id)
            raise tables.not_found("Table", label) from None
        return [
            types.field(name, kind, name in required)
            for name, kind in zip(relation.columns, relation.types, strict=True)
            if name != tables.INGESTION_TIME or dataset_id == tables.RESULTS
        ]


def _hidden(table: exp.Table) -> bool:
    """Say whether a table is partitioned by ingestion time, a hidden column."""
    if not (table.catalog and table.db) or not isinstance(table.this, exp.Identifier):
        return False
    info = _info(table.catalog, table.db, table.name)
    return any(name == tables.INGESTION_TIME for _, name, *_ in info)


def _info(*path: str) -> list[tuple[int, str, str, bool]]:
    """Return position, name, type, whether required of each column; [] for no table."""
    try:
        info: list[tuple[int, str, str, bool]] = engine.fetch(
            f"PRAGMA table_info({_literal(engine.quote(*path))})"
        )
    except duckdb.CatalogException:
        return []
    return info


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
