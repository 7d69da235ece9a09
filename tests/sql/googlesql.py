"""Google's own GoogleSQL: SQL in; whether it is valid, its columns, its rows out.

PyPI's `zetasql`, the analyzer and reference implementation that BigQuery's SQL comes
from, as WebAssembly. It knows names, types and functions where the emulator, which is
DuckDB underneath, takes whatever DuckDB takes. It accepts a little more than BigQuery
does (all language features are on), and says nothing of limits, costs or rights.
"""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

import sqlglot
import wasmtime
from sqlglot import exp

from functions.compute_metrics import statements
from functions.compute_metrics.statements import Statement

_stock_engine = wasmtime.Engine


def _caching_engine(config: wasmtime.Config | None = None) -> wasmtime.Engine:
    """Keep the compiled module in the user's cache: half a minute once, then 2 s."""
    config = config or wasmtime.Config()
    config.cache = True
    return _stock_engine(config)


# zetasql takes the class from the module when it starts its service.
wasmtime.Engine = _caching_engine  # type: ignore[assignment,misc]

from zetasql.api import (  # noqa: E402 - after the engine
    Analyzer,
    CatalogBuilder,
    PreparedQuery,
    TableBuilder,
    TypeFactory,
)
from zetasql.core import local_service  # noqa: E402
from zetasql.types import (  # noqa: E402
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)

if getattr(local_service, "Engine", None) is _stock_engine:
    local_service.Engine = _caching_engine

SCHEMAS = {
    path.stem: json.loads(path.read_text())
    for path in sorted((statements.SQL / "schemas").glob("*.json"))
}
PARAMETERS = ("from_date", "to_date")

_KINDS = {
    "STRING": TypeKind.TYPE_STRING,
    "INTEGER": TypeKind.TYPE_INT64,
    "FLOAT": TypeKind.TYPE_DOUBLE,
    "BOOLEAN": TypeKind.TYPE_BOOL,
    "DATE": TypeKind.TYPE_DATE,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
}
_SQL_TYPES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_VIEW = re.compile(r"CREATE OR REPLACE VIEW tmdb_analytics\.(\w+) AS\n", re.MULTILINE)
_DATASET = re.compile(r"\btmdb_analytics\.")


class InvalidSqlError(Exception):
    """Google's analyzer refuses a statement; the text says where and why."""


def _type(field: Mapping[str, Any]) -> Any:
    if field["type"] == "RECORD":
        fields = [(inner["name"], _type(inner)) for inner in field["fields"]]
        kind = TypeFactory.create_struct_type(fields)
    else:
        kind = TypeFactory.create_simple_type(_KINDS[field["type"]])
    is_list = field["mode"] == "REPEATED"
    return TypeFactory.create_array_type(kind) if is_list else kind


def view_name(sql: str) -> str | None:
    """Return the name of the view that a statement makes; None when it makes none."""
    match = _VIEW.search(sql)
    return match[1] if match else None


def body(sql: str) -> str:
    """Return what a file selects: a view's query, a MERGE's source, or all of it."""
    if made := _VIEW.search(sql):
        return sql[made.end() :]
    if "\nUSING (\n" in sql:
        return sql.partition("\nUSING (\n")[2].partition("\n) AS fresh\n")[0]
    return sql


class ExecutionError(Exception):
    """A valid query cannot be computed on the given rows: a division by zero."""


class GoogleSql:
    """The analyzer, with the tables of sql/schemas and every view."""

    def __init__(self) -> None:
        language = LanguageOptions.maximum_features()
        language.product_mode = ProductMode.PRODUCT_EXTERNAL
        language.reserved_keywords = ["QUALIFY"]
        self._language = language
        self._tables: list[Any] = []
        for name, schema in SCHEMAS.items():
            self._add(name, [(f["name"], _type(f)) for f in schema["fields"]])
        for view in statements.views():
            name = view_name(view.sql) or view.name
            resolved = self.analyze(body(view.sql))
            self._add(
                name, [(c.name, c.column.type) for c in resolved.output_column_list]
            )

    def analyze(self, sql: str) -> Any:
        """Return the resolved statement; InvalidSqlError when there is none."""
        options = AnalyzerOptions(language_options=self._language)
        date_type = TypeFactory.create_simple_type(TypeKind.TYPE_DATE)
        options.query_parameters = [
            AnalyzerOptions.QueryParameter(name=name, type=date_type)
            for name in PARAMETERS
        ]
        try:
            return Analyzer(options, self._catalog()).analyze_statement(
                _DATASET.sub("", sql)
            )
        except Exception as error:
            raise InvalidSqlError(str(error)) from error

    def select(
        self, sql: str, tables: Mapping[str, Sequence[Mapping[str, Any]]], **days: date
    ) -> list[dict[str, Any]]:
        """Execute a query on rows by table, views included, and return its rows."""
        needed = set(_DATASET_NAME.findall(sql))
        views = []
        for view in reversed(statements.views()):
            name = view_name(view.sql) or view.name
            if name in needed:
                views.append((name, body(view.sql)))
                needed |= set(_DATASET_NAME.findall(view.sql))
        ctes = [
            f"{name} AS (\n{_literal_table(SCHEMAS[name], tables.get(name, ()))}\n)"
            for name in SCHEMAS
            if name in needed
        ] + [f"{name} AS (\n{text}\n)" for name, text in reversed(views)]
        text = (
            f"WITH {', '.join(ctes)}\n"
            f"SELECT TO_JSON_STRING(found) AS json FROM (\n{sql}\n) AS found"
        )
        for name, day in days.items():
            text = text.replace(f"@{name}", f"DATE '{day}'")
        options = AnalyzerOptions(language_options=self._language)
        try:
            query = (
                PreparedQuery.builder()
                .set_sql(_DATASET.sub("", text))
                .set_analyzer_options(options)
                .set_catalog(_catalog((), self._language))
                .prepare()
            )
        except Exception as error:
            raise InvalidSqlError(str(error)) from error
        with query:
            try:
                table = query.execute().content.table_data
            except Exception as error:
                raise ExecutionError(str(error)) from error
            return [
                {
                    name: _python(value)
                    for name, value in json.loads(row.cell[0].string_value).items()
                }
                for row in (table.row if table else ())
            ]

    def _add(self, name: str, columns: Sequence[tuple[str, Any]]) -> None:
        table = TableBuilder(name)
        for column, kind in columns:
            table.add_column(column, kind)
        self._tables.append(table.build())

    def _catalog(self) -> Any:
        return _catalog(self._tables, self._language)


_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_DATASET_NAME = re.compile(r"\btmdb_analytics\.(\w+)")


def _catalog(tables: Sequence[Any], language: Any) -> Any:
    builder = CatalogBuilder("tmdb")
    for table in tables:
        builder = builder.add_table(table)
    functions = ZetaSQLBuiltinFunctionOptions(language_options=language)
    return builder.with_builtin_functions(functions).build()


def _literal_table(schema: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    columns = ", ".join(f"{f['name']} {_sql_type(f)}" for f in schema["fields"])
    values = ",\n".join(
        "(" + ", ".join(_literal(f, row.get(f["name"])) for f in schema["fields"]) + ")"
        for row in rows
    )
    return f"SELECT * FROM UNNEST(ARRAY<STRUCT<{columns}>>[{values}])"


def _python(value: Any) -> Any:
    """Make dates and moments of JSON's texts."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value)
    return value


def _sql_type(field: Mapping[str, Any]) -> str:
    if field["type"] == "RECORD":
        inner = ", ".join(f"{f['name']} {_sql_type(f)}" for f in field["fields"])
        kind = f"STRUCT<{inner}>"
    else:
        kind = _SQL_TYPES.get(field["type"], field["type"])
    return f"ARRAY<{kind}>" if field["mode"] == "REPEATED" else kind


def _literal(field: Mapping[str, Any], value: Any) -> str:
    if field["mode"] == "REPEATED":
        one = {**field, "mode": "NULLABLE"}
        return f"[{', '.join(_literal(one, item) for item in value or ())}]"
    if value is None:
        return "NULL"
    if field["type"] == "RECORD":
        inner = (_literal(f, value.get(f["name"])) for f in field["fields"])
        return f"({', '.join(inner)})"
    if field["type"] in ("DATE", "TIMESTAMP"):
        return f"{field['type']} '{value}'"
    if field["type"] == "FLOAT":
        return repr(float(value))
    return json.dumps(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Read:
    """One read of a table or view by a statement, and whether a day bounds it."""

    table: str
    is_bounded: bool


def reads(resolved: Any) -> list[Read]:
    """List what a statement reads, over Google's resolved tree.

    A read is bounded when a filter, a join, or every deleting clause of a MERGE must
    hold for a condition `day BETWEEN a AND b` on its day column, where a and b name no
    column: such a condition is what BigQuery prunes partitions by.
    """
    bounded = set(_bounded_columns(resolved))
    return [
        Read(scan.table.name, bool(bounded & set(_day_columns(scan))))
        for scan in _nodes(resolved, "ResolvedTableScan")
    ]


def _day_columns(scan: Any) -> Iterator[int]:
    """Yield the ids of the partition column; of a view's, of every DATE column."""
    schema = SCHEMAS.get(scan.table.name)
    for column in scan.column_list:
        is_date = column.type.type_kind == TypeKind.TYPE_DATE
        if column.name == schema["partition_by"] if schema else is_date:
            yield column.column_id


def _bounded_columns(resolved: Any) -> Iterator[int]:
    for node in _nodes(resolved, "ResolvedFilterScan"):
        yield from _bounds(node.filter_expr)
    for node in _nodes(resolved, "ResolvedJoinScan"):
        if node.join_expr is not None:
            yield from _bounds(node.join_expr)
    for node in _nodes(resolved, "ResolvedMergeStmt"):
        yield from _bounds(node.merge_expr)
        by_source = [
            set(_bounds(clause.match_expr))
            for clause in node.when_clause_list
            if clause.match_type.name == "NOT_MATCHED_BY_SOURCE"
        ]
        # Nothing of the target is read but by these when nothing can match.
        if by_source and _is_false(node.merge_expr):
            yield from set.intersection(*by_source)
    for node in _nodes(resolved, "ResolvedUpdateStmt"):
        yield from _bounds(node.where_expr)


def _bounds(condition: Any) -> Iterator[int]:
    name = getattr(getattr(condition, "function", None), "name", "")
    if name.endswith("$and"):
        for part in condition.argument_list:
            yield from _bounds(part)
    if name.endswith("$between"):
        column, *limits = condition.argument_list
        is_constant = not any(True for one in limits for _ in _columns_in(one))
        if type(column).__name__ == "ResolvedColumnRef" and is_constant:
            yield column.column.column_id


def _is_false(condition: Any) -> bool:
    return "bool_value=False" in str(condition)


def _columns_in(node: Any) -> Iterator[Any]:
    return _nodes(node, "ResolvedColumnRef")


def _nodes(node: Any, kind: str) -> Iterator[Any]:
    if isinstance(node, list):
        for item in node:
            yield from _nodes(item, kind)
    elif dataclasses.is_dataclass(node):
        if type(node).__name__ == kind:
            yield node
        for field in dataclasses.fields(node):
            yield from _nodes(getattr(node, field.name), kind)


@cache
def googlesql() -> GoogleSql:
    """Return the one analyzer of the process."""
    return GoogleSql()


class Break(StrEnum):
    """What may be wrong with a statement."""

    NAME = "a column that does not exist"
    TYPE = "a wrong type"
    FUNCTION = "a function of DuckDB"


def broken(sql: str, how: Break) -> str:
    """Break the first column, else the first number, of a statement."""
    tree = sqlglot.parse_one(sql, dialect="bigquery")
    node = tree.find(exp.Column) or tree.find(exp.Literal)
    assert node
    kept = node.copy()
    struct = exp.func("STRUCT", exp.Literal.number(1))
    node.replace(
        {
            Break.NAME: exp.column("no_such_column"),
            Break.TYPE: exp.Add(this=exp.paren(kept), expression=struct),
            Break.FUNCTION: exp.Anonymous(this="list_value", expressions=[kept]),
        }[how]
    )
    return tree.sql("bigquery")


def files() -> list[Statement]:
    """Return every SQL file of the project."""
    paths = sorted(statements.SQL.glob("**/*.sql"))
    return [
        Statement(path.relative_to(statements.SQL).as_posix(), path.read_text())
        for path in paths
    ]
