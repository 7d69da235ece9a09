"""Patch the emulator to report changes of the catalogue, which outdate translations.

A statement may create, alter or drop a table, view or function. A load or a query's
result may replace a table or add columns, and so may a call of the API.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from typing import Any

from local_bigquery.catalog import datasets, names, row_access, tables
from local_bigquery.engine import sessions
from local_bigquery.jobs import query
from local_bigquery.sql.translate import Context
from sqlglot import exp

from emulators.bigquery import answers, known, translations
from emulators.bigquery.answers import Name
from emulators.bigquery.memory import Memory

_stock_run = query._run  # noqa: SLF001 - no public way
_stock_evolve = tables.evolve
_stock_write = tables.write

_views: Memory[Name, str] = Memory()
"""The statement that last created each view, if nothing has changed since."""
_making_view = threading.Lock()
_changing_cursors: set[int] = set()
"""Ids of the cursors that have changed the catalogue, also within a transaction."""


def notice_changes() -> None:
    """Replace what changes tables, views, functions and access policies."""
    query._run = _run  # noqa: SLF001 - no public way
    tables.evolve = _evolve
    tables.write = _write
    for module, calls in (
        (tables, ("create", "update", "rename", "delete", "forget")),
        (datasets, ("create", "delete")),
        (row_access, ("save", "delete")),
        (sessions, ("abort",)),
    ):
        for name in calls:
            setattr(module, name, _changing(getattr(module, name)))


def _changed(table: Name | None = None, *, is_new: bool = False) -> None:
    if not is_new:
        _views.clear()
    answers.changed(table, is_new=is_new)


def _run(cursor: object, tree: exp.Expr, context: Context, *rest: object) -> object:
    if isinstance(tree, (exp.Commit, exp.Rollback)):
        return _end(cursor, tree, context, *rest)
    if not isinstance(tree, query.DDL):
        return _stock_run(cursor, tree, context, *rest)
    try:
        with translations.within_ddl(), _alone(tree):
            statistics = _stock_run(cursor, tree, context, *rest)
    except BaseException:
        _forget()
        raise
    if not tree.find(exp.TemporaryProperty):  # only its own job sees a temporary one
        _changing_cursors.add(id(cursor))
        _note(tree, context, statistics.ddlOperationPerformed)
    return statistics


def _alone(tree: exp.Expr) -> AbstractContextManager[object]:
    """Create one view at a time: DuckDB refuses the second of two at once."""
    is_view = (tree.args.get("kind") or "").upper() == "VIEW"
    return _making_view if is_view else nullcontext()


def _end(cursor: object, tree: exp.Expr, context: Context, *rest: object) -> object:
    """End a transaction: only now its changes are committed or undone."""
    try:
        return _stock_run(cursor, tree, context, *rest)
    finally:
        if id(cursor) in _changing_cursors:
            _changing_cursors.discard(id(cursor))
            _changed()


def _note(tree: exp.Expr, context: Context, operation: str) -> None:
    """Report a changed table or view; for anything else, report that all may have."""
    target = tree.find(exp.Table)
    kind = (tree.args.get("kind") or "").upper()
    if target is None or kind not in ("TABLE", "VIEW"):
        _forget()
        return
    if operation == "SKIP":
        return
    made: Name = names.reference(target, context.project_id, context.dataset_id)
    text = context.system.get("statement_text", "")
    is_view = isinstance(tree, exp.Create) and kind == "VIEW"
    if is_view and operation == "REPLACE" and _views.get(made) == text:
        return
    _changed(made, is_new=operation == "CREATE")
    if isinstance(tree, exp.Alter):  # it may have been renamed
        _changed()
    if is_view:
        _views.put(made, text)


def _changing[**P, T](change: Callable[P, T]) -> Callable[P, T]:
    @wraps(change)
    def changed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return change(*args, **kwargs)
        finally:
            if tables.RESULTS not in args:  # a query's result has a unique name
                _changed()

    return changed


def _evolve(
    cursor: object,
    reference: Name,
    relation: object,
    options: list[str] | None,
    prefix: str,
) -> None:
    """Report a change only if the load may add columns; every append comes here."""
    try:
        _stock_evolve(cursor, reference, relation, options, prefix)
    finally:
        if options:
            _changed(reference)


def _write(
    cursor: object,
    sql: str,
    bound: dict[str, Any] | None,
    reference: Name,
    config: tables.Destination,
    default: str = "WRITE_EMPTY",
    *rest: Any,  # noqa: ANN401 - as the emulator's
    **named: Any,  # noqa: ANN401 - same
) -> object:
    """Report that a load or a query has created or replaced a table."""
    appends = (config.writeDisposition or default) == "WRITE_APPEND"
    has_changed = True  # also if it fails
    try:
        is_new = _stock_write(
            cursor, sql, bound, reference, config, default, *rest, **named
        )
        has_changed = is_new or not appends
        return is_new
    finally:
        if has_changed and reference[1] != tables.RESULTS:
            _changed(reference)


def _forget() -> None:
    """Drop all translations: a function may have changed, which no look-up shows."""
    _views.clear()
    known.forget()
