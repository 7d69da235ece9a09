"""Let the emulator remember how a statement reads in DuckDB's words.

In: its translator. Out: the same text, sooner. It parses, types and rewrites a
statement with sqlglot each time it is run, a second for our longest, while DuckDB needs
a fraction of that; ours are the same every day but for their parameters, which are
bound. What a translation depends on is in its key; only the columns of tables are not,
and a change of those makes it forget everything.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import sqlglot
from local_bigquery.catalog import tables
from local_bigquery.jobs import merge, query
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context
from sqlglot import exp

REMEMBERED = 1_000
"""Translations kept, about 20 kB each."""

_stock_translate = query.translate
_stock_run = query._run  # noqa: SLF001 - no public way
_of_thread = threading.local()
_lock = threading.Lock()
_remembered: OrderedDict[object, "_Translation"] = OrderedDict()


@dataclass(frozen=True, slots=True)
class _Translation:
    sql: str
    parameters: frozenset[str]
    tables: frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class _Text:
    """A statement that is parsed only when its translation is not known."""

    sql: str


class _LazySqlglot:
    """Stands in for sqlglot in merge.py, which parses only to translate."""

    errors = sqlglot.errors

    @staticmethod
    def parse_one(sql: str, dialect: object) -> _Text:  # noqa: ARG004 - as sqlglot's
        return _Text(sql)


def remember_translations() -> None:
    """Replace the translator, and what changes tables."""
    query.translate = merge.translate = _translate
    merge.sqlglot = _LazySqlglot
    query._run = _run  # noqa: SLF001 - no public way
    for name in ("create", "update", "evolve", "rename", "delete"):
        setattr(tables, name, _forgetting(getattr(tables, name)))


def _translate(
    statement: exp.Expr | _Text, context: Context
) -> tuple[str, dict[str, Any]]:
    if context.variables or context.functions:  # a script's, gone with it
        stock: tuple[str, dict[str, Any]] = _stock_translate(
            _parsed(statement), context
        )
        return stock
    key = _key(statement, context)
    with _lock:
        known = _remembered.get(key)
    if known is None:
        before = set(context.referenced)
        sql, bound = _stock_translate(_parsed(statement), context)
        known = _Translation(
            sql, frozenset(bound), frozenset(context.referenced - before)
        )
        with _lock:
            _remembered[key] = known
            while len(_remembered) > REMEMBERED:
                _remembered.popitem(last=False)
    context.used.clear()
    context.used.update(known.parameters)
    context.referenced.update(known.tables)
    return known.sql, {name: context.values[name] for name in known.parameters}


def _key(statement: exp.Expr | _Text, context: Context) -> object:
    if isinstance(statement, _Text):
        text = statement.sql
        # The steps of a MERGE read the temporary table that its first step makes.
        if merge.SOURCE in text.partition(" AS ")[0]:
            _of_thread.merge = text
        within = _of_thread.merge
    else:
        text, within = statement.sql(dialect=BigQueryDialect), None
    return (
        text,
        within,
        context.project_id,
        context.dataset_id,
        tuple(sorted(context.parameters.items())),
        frozenset(context.temporary),
    )


def _parsed(statement: exp.Expr | _Text) -> exp.Expr:
    if isinstance(statement, _Text):
        return sqlglot.parse_one(statement.sql, dialect=BigQueryDialect)
    return statement


def _run(cursor: object, tree: exp.Expr, *rest: object) -> object:
    try:
        return _stock_run(cursor, tree, *rest)
    finally:
        if isinstance(tree, query.DDL):
            _forget()


def _forgetting[**P, T](change: Callable[P, T]) -> Callable[P, T]:
    @wraps(change)
    def changed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return change(*args, **kwargs)
        finally:
            if tables.RESULTS not in args:  # the result of a query, of its own name
                _forget()

    return changed


def _forget() -> None:
    with _lock:
        _remembered.clear()
