"""Patch the emulator to keep the results of queries in memory, ready to send.

Before, it stored each result as a table in a file, looked the table up several times,
and read it back to send it: two thirds of the work of a small query. Now a query's rows
are encoded as they are computed. A result that is read in another way (through the
storage API or SQL) is first stored as a table, as before.

Cost: results end with the process, and those read longest ago go if memory is short.
"""

import threading
import warnings
from collections import OrderedDict
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from local_bigquery.catalog import tabledata, tables
from local_bigquery.engine import database, results, types
from local_bigquery.jobs import query
from local_bigquery.models import (
    JobConfigurationQuery,
    TableFieldSchema,
    TableReference,
)

from emulators.bigquery.translations import about_result

KEPT_BYTES = 256_000_000
"""Of all results in memory together."""
LARGE_BYTES = 64_000_000
"""A larger result is stored as a table at once."""

type _Table = tuple[str, str, str]
type _Columns = list[tuple[str, duckdb.sqltypes.DuckDBPyType]]

_ROW, _FLOAT_ROW = "__row", "__float_row"
"""Columns of encoded rows: in the second one, times are seconds as floats."""
_TIME = "TIME ZONE"
"""Part of the type of a column whose two encodings differ."""

_stock_write = query._write  # noqa: SLF001 - no public way
_stock_list_rows = tabledata.list_rows
_stock_physical = tables.physical


@dataclass(frozen=True, slots=True)
class _Encoded:
    sql: str
    columns: _Columns


@dataclass(frozen=True, slots=True)
class _Result:
    columns: _Columns
    rows: pa.Table
    """The columns, then the encoded rows, twice if the two encodings differ."""

    def encoded(self, start: int, count: int, *, int64_timestamps: bool) -> list[str]:
        is_float = not int64_timestamps and _FLOAT_ROW in self.rows.column_names
        column = self.rows.column(_FLOAT_ROW if is_float else _ROW)
        part: list[str] = column.slice(start, count).to_pylist()
        return part


class _Kept:
    """The results in memory; the one read longest ago is dropped first."""

    def __init__(self) -> None:
        self._results: OrderedDict[_Table, _Result] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def put(self, table: _Table, result: _Result) -> None:
        with self._lock:
            self._drop(table)
            self._results[table] = result
            self._bytes += result.rows.nbytes
            while self._bytes > KEPT_BYTES and len(self._results) > 1:
                self._drop(next(iter(self._results)))

    def get(self, table: _Table) -> _Result | None:
        with self._lock:
            if table in self._results:
                self._results.move_to_end(table)
            return self._results.get(table)

    def take(self, table: _Table) -> _Result | None:
        with self._lock:
            return self._drop(table)

    def _drop(self, table: _Table) -> _Result | None:
        result = self._results.pop(table, None)
        if result:
            self._bytes -= result.rows.nbytes
        return result


_kept = _Kept()


def keep_results() -> None:
    """Replace what writes a query's result, what reads it, and what names its table."""
    # As a relation the query would be bound twice, which costs more than a copy.
    warnings.filterwarnings("ignore", message="Arrow output on a DB-API result")
    query._write = _write  # noqa: SLF001 - no public way
    tabledata.list_rows = _list_rows
    tables.physical = _physical


def _write(
    cursor: duckdb.DuckDBPyConnection,
    sql: str,
    bound: dict[str, object],
    destination: TableReference,
    config: JobConfigurationQuery,
    isolated: bool,  # noqa: FBT001 - as the emulator calls it
) -> None:
    """Keep a query's rows in memory; store them if it has a destination table."""
    name: _Table = tables.reference(destination)
    disposition = config.writeDisposition or "WRITE_EMPTY"
    if name[1] != tables.RESULTS or disposition == "WRITE_APPEND":
        _stock_write(cursor, sql, bound, destination, config, isolated)
        return
    known = about_result(sql)
    if not known:
        known.append(_encoded(cursor, sql, bound))
    encoded = known[0]
    assert isinstance(encoded, _Encoded)  # noqa: S101 - nobody else appends
    names = [column for column, _ in encoded.columns]
    if tables.layout(names, config, disposition).model_fields_set:
        _stock_write(cursor, sql, bound, destination, config, isolated)
        return
    rows = cursor.execute(encoded.sql, bound).to_arrow_table()
    result = _Result(encoded.columns, rows)
    _kept.put(name, result)
    if result.rows.nbytes > LARGE_BYTES:
        tables.physical(*name)


def _encoded(
    cursor: duckdb.DuckDBPyConnection, sql: str, bound: dict[str, object]
) -> _Encoded:
    """Return the query that computes the result and its encoded rows."""
    relation = cursor.sql(sql, params=bound)
    kinds = relation.types
    places = [f"c{index}" for index in range(len(kinds))]
    names = results.unique(relation.columns)
    described = zip(places, names, relation.columns, kinds, strict=True)
    select = ", ".join(
        f"{results._without_null_elements(types.cast(place, kind), declared, kind)} "  # noqa: SLF001 - no public way
        f"AS {database.quote(name)}"
        for place, name, declared, kind in described
    )
    stored = f"SELECT {select} FROM ({sql}) AS q({', '.join(places)})"
    if any(types.normalised(kind) != str(kind) for kind in kinds):
        kinds = cursor.sql(stored, params=bound).types
    columns = list(zip(names, kinds, strict=True))
    encoded = f"{types.row(columns)} AS {_ROW}"
    if any(_TIME in str(kind) for kind in kinds):
        floats = types.row(columns, int64_timestamps=False)
        encoded += f", {floats} AS {_FLOAT_ROW}"
    return _Encoded(f"SELECT *, {encoded} FROM ({stored})", columns)


def _list_rows(
    project_id: str,
    dataset_id: str,
    table_id: str,
    max_results: int | None,
    start: int,
    selected_fields: str | None,
    int64_timestamps: bool,  # noqa: FBT001 - as the emulator calls it
) -> tuple[results.Page, list[TableFieldSchema]]:
    name = (project_id, dataset_id, table_id)
    result = None if selected_fields else _kept.get(name)
    if result is None:
        stock: tuple[results.Page, list[TableFieldSchema]] = _stock_list_rows(
            *name, max_results, start, selected_fields, int64_timestamps
        )
        return stock
    count = results.DEFAULT_PAGE_SIZE if max_results is None else max_results
    rows = result.encoded(start, count, int64_timestamps=int64_timestamps)
    total, end = result.rows.num_rows, start + len(rows)
    page = results.Page(rows, total, str(end) if end < total else None)
    return page, [types.field(*column) for column in result.columns]


def _physical(project_id: str, dataset_id: str, table_id: str) -> _Table:
    """Return where a table is; first store it if it is a result in memory."""
    path: _Table = _stock_physical(project_id, dataset_id, table_id)
    result = None
    if dataset_id == tables.RESULTS:
        result = _kept.take((project_id, dataset_id, table_id))
    if result:
        columns = ", ".join(
            f"CAST({database.quote(name)} AS {kind}) AS {database.quote(name)}"
            for name, kind in result.columns
        )
        with database.cursor() as writer:
            writer.register("result", result.rows)
            try:
                writer.execute(
                    f"CREATE OR REPLACE TABLE {database.quote(*path)} AS "
                    f"SELECT {columns} FROM result"
                )
            finally:
                writer.unregister("result")
    return path
