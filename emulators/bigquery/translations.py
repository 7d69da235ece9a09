"""Cache the translations of statements into DuckDB's SQL.

sqlglot types and rewrites a statement each time it runs. That takes a second for our
longest statement, and DuckDB then a fraction of that. Our statements are the same every
day, except for their bound parameters, so each is translated once for each set of
parameter types. All that a translation depends on is in its key or looked up in the
catalogue. It is valid while the look-ups have the same answers (`lookups.py`). Files
store it for other processes (`stored.py`).
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlglot
from local_bigquery.catalog import names
from local_bigquery.jobs import merge, query
from local_bigquery.sql import js, script
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context
from sqlglot import exp

from emulators.bigquery import answers, known, lookups, trees
from emulators.bigquery.known import Key, Translation

_stock_translate = query.translate
_stock_is_udf = js.is_udf
_stock_result_schema = query._result_schema  # noqa: SLF001 - no public way
_of_thread = threading.local()


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement that is parsed only if its translation is not cached."""

    sql: str


class _LazySqlglot:
    """Replaces sqlglot in merge.py, which only parses statements to translate."""

    errors = sqlglot.errors

    @staticmethod
    def parse_one(sql: str, dialect: object) -> _Text:  # noqa: ARG004 - as sqlglot's
        return _Text(sql)


class _System(dict[str, Any]):
    """A job's system variables; a translation that reads them is not cached."""

    was_read = False

    def __or__(self, other: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]
        self.was_read = True
        return dict(self) | other


def remember_translations(folder: Path | None = None) -> None:
    """Replace the translator; store translations in a folder too, if given."""
    lookups.note_lookups()
    trees.remember_trees()
    known.use(folder)
    query.translate = merge.translate = script.translate = _translate
    merge.sqlglot = _LazySqlglot
    query.js.is_udf = _is_udf
    query._result_schema = _result_schema  # noqa: SLF001 - no public way


@contextlib.contextmanager
def within_ddl() -> Iterator[None]:
    """Mark that this thread changes the catalogue between its translations."""
    _of_thread.is_ddl = True
    try:
        yield
    finally:
        _of_thread.is_ddl = False


def about_result(sql: str) -> list[object]:
    """Return the list that caches facts about the last statement's result.

    It is dropped with the translation, so when a table changes. For a statement that is
    not cached it is a new list.
    """
    last: tuple[str, list[object]] | None = getattr(_of_thread, "encoded", None)
    return last[1] if last and last[0] is sql else []


def _translate(
    statement: exp.Expr | _Text, context: Context
) -> tuple[str, dict[str, Any]]:
    _of_thread.encoded = None
    if not _may_be_remembered(statement, context):
        stock: tuple[str, dict[str, Any]] = _stock_translate(
            _parsed(statement), context
        )
        return stock
    lookups.restore_functions()
    variables = context.variables
    context.variables = {name: _place_of(name) for name in variables}
    try:
        key = _key(statement, context)
        found = known.find(key) or _translated(statement, context, key)
    finally:
        context.variables = variables
    sql = found.sql
    for name, table in variables.items():
        sql = sql.replace(_place_of(name), table)
    # The key has the names of temporary tables only, and variables are such tables.
    if not (context.temporary or variables):
        _of_thread.encoded = (sql, found.encoded)
    context.used.clear()
    context.used.update(found.parameters)
    context.referenced.update(found.tables)
    context.temporary.update(found.temporary)
    context.position = found.position
    return sql, {name: context.values[name] for name in found.parameters}


def _place_of(variable: str) -> str:
    """Return what replaces the name of a variable's table, another one in each run."""
    return f'temp.main."__variable_{variable}_of_a_remembered_script"'


def _may_be_remembered(statement: exp.Expr | _Text, context: Context) -> bool:
    if context.functions:  # these belong to one script
        return False
    if not isinstance(statement, query.DDL):
        # A part of DDL may be translated after that statement's change.
        return not getattr(_of_thread, "is_ddl", False)
    # DDL with both columns and a query is translated in such parts.
    is_split = isinstance(statement.this, exp.Schema) and statement.expression
    kinds = ("TABLE", "VIEW")
    return (
        isinstance(statement, exp.Create)
        and statement.args.get("kind") in kinds
        and not is_split
    )


def _translated(statement: exp.Expr | _Text, context: Context, key: Key) -> Translation:
    version = answers.version()
    tables, temporary = set(context.referenced), set(context.temporary)
    system, attach = context.system, context.attach_postgres
    context.system = watched = _System(system)
    with lookups.noted() as noted:
        context.attach_postgres = noted.unknown(attach)
        try:
            sql, bound = _stock_translate(_parsed(statement), context)
        finally:
            context.system, context.attach_postgres = system, attach
    made = Translation(
        sql=sql,
        parameters=frozenset(bound),
        tables=frozenset(context.referenced - tables),
        temporary=frozenset(context.temporary - temporary),
        position=context.position,
        looked_up=noted.answers,
        valid_at=version,
    )
    if noted.is_complete and not watched.was_read:
        known.keep(key, made)
    return made


def _key(statement: exp.Expr | _Text, context: Context) -> Key:
    text: trees.Text
    if isinstance(statement, _Text):
        text = statement.sql
        # The steps of a MERGE read the temporary table that its first step makes.
        if text.startswith(f"CREATE OR REPLACE TEMP TABLE {merge.SOURCE} "):
            _of_thread.merge = text
        within = _of_thread.merge
    else:
        text = trees.text_of(statement)
        within = None
    made = None
    if isinstance(statement, exp.Create):
        # The translator types a statement with all its tables, also the new one if it
        # exists. Without this, CREATE and a later REPLACE would evict each other.
        target = statement.find(exp.Table)
        name = names.reference(target, context.project_id, context.dataset_id)
        made = answers.get(("kind", *map(str, name)))
    return (
        text,
        made,
        within,
        context.project_id,
        context.dataset_id,
        tuple(sorted(context.parameters.items())),
        tuple(sorted(context.temporary)),
        tuple(sorted(context.variables)),
        context.position,
    )


def _parsed(statement: exp.Expr | _Text) -> exp.Expr:
    if isinstance(statement, _Text):
        return sqlglot.parse_one(statement.sql, dialect=BigQueryDialect)
    return statement


def _is_udf(tree: exp.Expr) -> bool:
    """Search a tree for a function's language only if it may create a function."""
    return isinstance(tree, exp.Create) and bool(_stock_is_udf(tree))


def _result_schema(
    cursor: object,
    tree: exp.Expr,
    context: Context,
    statistics: object,
    dry_run: bool,  # noqa: FBT001 - as the emulator calls it
) -> object:
    """Search a tree for its schema only if the answer may be other than None."""
    if not dry_run and not isinstance(tree, exp.Create):
        return None
    return _stock_result_schema(cursor, tree, context, statistics, dry_run)
