"""Analyze and run SQL with Google's own GoogleSQL.

PyPI's `zetasql` is the analyzer of BigQuery's SQL with its reference implementation,
compiled to WebAssembly. It is an unofficial build with all language features enabled:
it checks names, types and functions, and accepts a little more than BigQuery does. It
does not know limits, costs and permissions, which belong to the engine.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import wasmtime
from zetasql.api import CatalogBuilder, TableBuilder, TypeFactory
from zetasql.core import ServerError, wasm_client
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.types import (
    AnalyzerOptions,
    ErrorMessageMode,
    EvaluateQueryRequest,
    LanguageOptions,
    ProductMode,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2

from shared import sql_files

type Row = Mapping[str, Any]
type Resolved = Any
"""A node of Google's resolved tree; the package has no types."""

PARAMETERS = (
    *("from_date", "to_date", "newest_day", "newest_day_with_votes"),
    *sql_files.windows(),
)
FURTHER_PARAMETERS = {
    "answers": TypeKind.TYPE_STRING,
    "as_of": TypeKind.TYPE_TIMESTAMP,
    "batch_no": TypeKind.TYPE_INT64,
    "code_version": TypeKind.TYPE_STRING,
    "day": TypeKind.TYPE_DATE,
    "details_per_day": TypeKind.TYPE_INT64,
    "export_date": TypeKind.TYPE_DATE,
    "export_run_id": TypeKind.TYPE_STRING,
    "most_moved": TypeKind.TYPE_INT64,
    "most_popular": TypeKind.TYPE_INT64,
    "reason": TypeKind.TYPE_STRING,
    "run_date": TypeKind.TYPE_DATE,
    "run_id": TypeKind.TYPE_STRING,
}
"""Types of parameters: days, and an operator's reason."""
SCHEMAS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text())
    for path in sorted((sql_files.SQL / "schemas").glob("*.json"))
}

PUBLIC: dict[str, dict[str, Any]] = {
    "pageviews_2026": json.loads((sql_files.SQL / "public/pageviews.json").read_text())
}
"""The tables of others that the files read, by the name that they are read by."""
TABLES = SCHEMAS | PUBLIC

_KINDS = {
    "STRING": TypeKind.TYPE_STRING,
    "INTEGER": TypeKind.TYPE_INT64,
    "FLOAT": TypeKind.TYPE_DOUBLE,
    "BOOLEAN": TypeKind.TYPE_BOOL,
    "DATE": TypeKind.TYPE_DATE,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
}
_CELLS = {
    TypeKind.TYPE_STRING: "string_value",
    TypeKind.TYPE_INT64: "int64_value",
    TypeKind.TYPE_DOUBLE: "double_value",
    TypeKind.TYPE_BOOL: "bool_value",
}
_EPOCH = date(1970, 1, 1)
_DATASET = re.compile(r"\btmdb_analytics\.|`bigquery-public-data`\.wikipedia\.")
_NAMED = re.compile(rf"(?:{_DATASET.pattern})(\w+)")
_VIEW = re.compile(r"^CREATE OR REPLACE VIEW tmdb_analytics\.\w+ AS\n", re.MULTILINE)
_POSITION = re.compile(r" \[at (\d+):(\d+)\]")


class InvalidSqlError(Exception):
    """Google refuses a statement: why, and the line and column where (from 1)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = _POSITION.search(message)
        self.position = (int(found[1]), int(found[2])) if found else None


class ExecutionError(Exception):
    """A query cannot be computed on the given rows, as when it divides by zero."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, a view or a result."""

    name: str
    type: Any


class GoogleSql:
    """The analyzer and the executor, with the tables of sql/schemas and every view."""

    def __init__(self) -> None:
        # WebAssembly takes half a minute to compile, 2 s to load from the user's cache.
        wasm_client.Config = _CachingConfig
        self._service = ZetaSqlLocalService.get_instance()
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        language.reserved_keywords = ["QUALIFY"]
        self._functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
        self._options = AnalyzerOptions(
            language_options=language,
            error_message_mode=ErrorMessageMode.ERROR_MESSAGE_ONE_LINE,
        )
        day = TypeFactory.create_simple_type(TypeKind.TYPE_DATE)
        self._options.query_parameters = [
            AnalyzerOptions.QueryParameter(name=name, type=day) for name in PARAMETERS
        ]
        for name, kind in FURTHER_PARAMETERS.items():
            typed = TypeFactory.create_simple_type(kind)
            self._options.query_parameters.append(
                AnalyzerOptions.QueryParameter(name=name, type=typed)
            )
        self._columns = {
            name: [Column(field["name"], _type(field)) for field in schema["fields"]]
            for name, schema in TABLES.items()
        }
        self._catalog_id: int | None = None
        self.views: dict[str, Resolved] = {}
        """The resolved statement of every view, in the order of their dependencies."""
        self._queries: dict[str, str] = {}
        for view in sql_files.views():
            resolved = self.analyze(view.sql)
            [name] = resolved.name_path
            self.views[name] = resolved
            self._columns[name] = _output(resolved)
            self._queries[name] = body(view.sql)
        catalog = self._catalog(self._columns)
        self._catalog_id = self._service.register_catalog(
            simple_catalog=catalog
        ).registered_id

    def analyze(self, sql: str) -> Resolved:
        """Return the resolved statement; InvalidSqlError if it is invalid."""
        # A catalog takes ten times as long to send as a statement to analyse.
        known = (
            {"simple_catalog": self._catalog(self._columns)}
            if self._catalog_id is None
            else {"registered_catalog_id": self._catalog_id}
        )
        try:
            return self._service.analyze(
                sql_statement=_undressed(sql), options=self._options, **known
            ).resolved_statement
        except ServerError as error:
            raise InvalidSqlError(error.raw_error) from error

    def inlined(self, sql: str) -> Resolved:
        """Return a query resolved with its views written out, as BigQuery plans it."""
        return self.analyze(self._with_views_written_out(sql))

    def _with_views_written_out(self, sql: str) -> str:
        def written_out(found: re.Match[str]) -> str:
            query = self._queries.get(found[1])
            if query is None:
                return found[0]
            return f"(\n{self._with_views_written_out(query)}\n)"

        return _NAMED.sub(written_out, re.sub(r"--.*", "", sql))

    def select(
        self,
        sql: str,
        tables: Mapping[str, Sequence[Row]],
        **days: date | str | int | None,
    ) -> list[dict[str, Any]]:
        """Run a query on rows by table, through every view it reads."""
        needed = _named(sql)
        for view in reversed(self.views):
            if view in needed:
                needed |= _named(self._queries[view])
        contents = {
            table: _content(self._columns[table], tables.get(table, ()))
            for table in TABLES
            if table in needed
        }
        for view in self.views:
            if view in needed:
                found = self._evaluate(self._queries[view], contents, days)
                contents[view] = found.content
        found = self._evaluate(sql, contents, days)
        return [
            {
                column.name: _read(column.type, cell)
                for column, cell in zip(found.prepared.columns, row.cell, strict=True)
            }
            for row in found.content.table_data.row
        ]

    def _evaluate(
        self,
        sql: str,
        contents: Mapping[str, Any],
        days: Mapping[str, date | str | int | None],
    ) -> Any:
        """Run a query; tables come and go as Google's own messages."""
        named = _named(sql)
        request = EvaluateQueryRequest(
            sql=_undressed(sql),
            options=self._options,
            simple_catalog=self._catalog(named),
        ).to_proto()
        for name in named:
            request.table_content[name].CopyFrom(contents[name])
        for name, day in days.items():
            value = request.params.add(name=name).value
            if isinstance(day, str):
                value.string_value = day
            elif isinstance(day, int):
                value.int64_value = day
            elif isinstance(day, datetime):
                value.timestamp_value.FromDatetime(day)
            elif day is not None:
                value.date_value = (day - _EPOCH).days
        try:
            return self._service.wasm_client.call_grpc_func(
                "ZetaSqlLocalService_EvaluateQuery",
                request,
                local_service_pb2.EvaluateQueryResponse,
            )
        except ServerError as error:
            raise ExecutionError(error.raw_error) from error

    def _catalog(self, names: Iterable[str]) -> Any:
        catalog = CatalogBuilder("project").with_builtin_functions(self._functions)
        for name in sorted(names):
            table = TableBuilder(name)
            for column in self._columns[name]:
                table.add_column(column.name, column.type)
            catalog.add_table(table.build())
        return catalog.build()


class _CachingConfig(wasmtime.Config):
    """wasmtime's settings, with its cache of compiled modules switched on."""

    def __init__(self) -> None:
        super().__init__()
        # Without a writable home, it takes half a minute every time.
        with suppress(wasmtime.WasmtimeError):
            self.cache = True


@cache
def googlesql() -> GoogleSql:
    """Return the one instance of the process."""
    return GoogleSql()


def body(sql: str) -> str:
    """Return what a file selects: a view's query, a MERGE's source, or all of it."""
    if made := _VIEW.search(sql):
        return sql[made.end() :]
    if "\nUSING (\n" in sql:
        return sql.partition("\nUSING (\n")[2].partition("\n) AS fresh\n")[0]
    return sql


def _named(sql: str) -> set[str]:
    return set(_NAMED.findall(sql))


def _output(resolved: Resolved) -> list[Column]:
    return [
        Column(column.name, column.column.type)
        for column in resolved.output_column_list
    ]


def _type(field: Mapping[str, Any]) -> Any:
    if field["type"] == "RECORD":
        fields = [(inner["name"], _type(inner)) for inner in field["fields"]]
        one = TypeFactory.create_struct_type(fields)
    else:
        one = TypeFactory.create_simple_type(_KINDS[field["type"]])
    is_many = field["mode"] == "REPEATED"
    return TypeFactory.create_array_type(one) if is_many else one


def _undressed(sql: str) -> str:
    """Replace the dataset by blanks: the catalog has none, and positions stay."""
    return _DATASET.sub(lambda found: " " * len(found[0]), sql)


def _content(columns: Sequence[Column], rows: Sequence[Row]) -> Any:
    content = local_service_pb2.TableContent()
    content.table_data.SetInParent()
    names = {column.name for column in columns}
    for row in rows:
        assert row.keys() <= names, row.keys() - names
        cells = content.table_data.row.add().cell
        for column in columns:
            _write(column.type, row.get(column.name), cells.add())
    return content


def _write(kind: Any, value: Any, cell: Any) -> None:
    """Fill a cell; an unfilled one is NULL."""
    if kind.type_kind == TypeKind.TYPE_ARRAY:
        # BigQuery stores no NULL array.
        cell.array_value.SetInParent()
        for item in value or ():
            _write(kind.array_type.element_type, item, cell.array_value.element.add())
    elif value is None:
        return
    elif kind.type_kind == TypeKind.TYPE_STRUCT:
        for field in kind.struct_type.field:
            inner = cell.struct_value.field.add()
            _write(field.field_type, value.get(field.field_name), inner)
    elif kind.type_kind == TypeKind.TYPE_DATE:
        cell.date_value = (value - _EPOCH).days
    elif kind.type_kind == TypeKind.TYPE_TIMESTAMP:
        cell.timestamp_value.FromDatetime(value)
    else:
        setattr(cell, _CELLS[kind.type_kind], value)


def _read(kind: Any, cell: Any) -> Any:
    if kind.type_kind == TypeKind.TYPE_ARRAY:
        items = cell.array_value.element
        return [_read(kind.array_type.element_type, item) for item in items]
    if cell.WhichOneof("value") is None:
        return None
    if kind.type_kind == TypeKind.TYPE_STRUCT:
        return {
            of.field_name: _read(of.field_type, field)
            for of, field in zip(
                kind.struct_type.field, cell.struct_value.field, strict=True
            )
        }
    if kind.type_kind == TypeKind.TYPE_DATE:
        return _EPOCH + timedelta(days=cell.date_value)
    if kind.type_kind == TypeKind.TYPE_TIMESTAMP:
        return cell.timestamp_value.ToDatetime(tzinfo=UTC)
    return getattr(cell, _CELLS[kind.type_kind])
