"""Record what a translation looks up in the catalogue.

A translation is valid as long as each recorded look-up has the same answer. If it also
read anything else, it is not cached. INFORMATION_SCHEMA, for example, puts rows into
the statement, and a wildcard the tables that match.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import duckdb
from local_bigquery.catalog import metadata, row_access, tables
from local_bigquery.engine import database
from local_bigquery.models import Table, TableFieldSchema
from local_bigquery.sql import js
from local_bigquery.sql.rules import partitions
from sqlglot import exp

from emulators.bigquery import catalog
from emulators.bigquery.answers import Answer, Name, Question, as_columns, as_stored

_stock_connection = database.connection
_stock_load = metadata.load
_stock_secured = row_access.secured
_stock_members = row_access.members
_stock_restore = js.restore
_of_thread = threading.local()


@dataclass(slots=True)
class Noted:
    """What one translation looked up.

    is_complete: nothing else was read, so equal answers mean an equal translation.
    """

    answers: dict[Question, Answer] = field(default_factory=dict)
    is_complete: bool = True
    is_asking: bool = False
    """A look-up is in progress: what it reads is part of its answer."""
    described: dict[Question, catalog.Described | None] = field(default_factory=dict)

    def unknown[**P, T](self, call: Callable[P, T]) -> Callable[P, T]:
        """Wrap a function so that a call makes the record incomplete."""

        @wraps(call)
        def called(*args: P.args, **kwargs: P.kwargs) -> T:
            self.is_complete = False
            return call(*args, **kwargs)

        return called


def note_lookups() -> None:
    """Replace the look-ups of the translator; call after `look_up_single_tables`."""
    database.connection = _connection
    database.objects = _objects
    metadata.load = _load
    tables.columns = columns
    partitions._hidden = _is_hidden  # noqa: SLF001 - no public way
    row_access.secured = _secured
    row_access.members = _members
    js.restore = _restore


@contextlib.contextmanager
def noted() -> Iterator[Noted]:
    """Record the look-ups of this thread within the context."""
    _of_thread.noted = made = Noted()
    try:
        yield made
    finally:
        _of_thread.noted = None


def restore_functions() -> None:
    """Define the stored JavaScript functions, once in a process."""
    _stock_restore()


def is_noting() -> bool:
    """Whether this thread is within a translation."""
    return _noting() is not None


def _noting() -> Noted | None:
    noting: Noted | None = getattr(_of_thread, "noted", None)
    return noting


@contextlib.contextmanager
def _asking(noting: Noted) -> Iterator[None]:
    before, noting.is_asking = noting.is_asking, True
    try:
        yield
    finally:
        noting.is_asking = before


def _objects(
    project_id: str, dataset_id: str, table_id: str | None = None
) -> list[tuple[str, str, int]]:
    """Find a table without counting its rows: no rule needs their number."""
    noting = _noting()
    if noting is None or table_id is None:
        return catalog.objects(project_id, dataset_id, table_id)
    with _asking(noting):
        kind = catalog.kind_of(project_id, dataset_id, table_id)
    noting.answers["kind", project_id, dataset_id, table_id] = kind
    return [(table_id, kind, 0)] if kind else []


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return a table's columns; within a translation, record them."""
    noting = _noting()
    if noting is None:
        return catalog.columns(project_id, dataset_id, table_id)
    found = _described(noting, project_id, dataset_id, table_id)
    if found is not None:
        return catalog.fields(found, dataset_id)
    with _asking(noting):
        return catalog.columns(project_id, dataset_id, table_id)  # raises its error


def _is_hidden(table: exp.Table) -> bool:
    noting = _noting()
    if noting is None or not (table.catalog and table.db):
        return catalog.is_hidden(table)
    if not isinstance(table.this, exp.Identifier):
        return False
    found = _described(noting, table.catalog, table.db, table.name)
    columns = found.columns if found else []
    return any(name == tables.INGESTION_TIME for name, *_ in columns)


def _described(noting: Noted, *name: str) -> catalog.Described | None:
    """Describe a table, once in a translation."""
    if name not in noting.described:
        with _asking(noting):
            found = noting.described[name] = catalog.look(*name)
        noting.answers["columns", *name] = as_columns(found)
        if name[1] == tables.RESULTS:  # results change, and are read once
            noting.is_complete = False
    return noting.described[name]


def _load(model: type, *keys: str) -> Any:  # noqa: ANN401 - as the emulator's
    noting = _noting()
    if noting is None or model is not Table:
        return _stock_load(model, *keys)
    with _asking(noting):
        found = _stock_load(model, *keys)
    noting.answers["stored", *keys] = as_stored(found)
    if found and found.expirationTime:  # depends on the time
        noting.is_complete = False
    return found


def _secured() -> frozenset[Name]:
    """Return the tables with row access policies; if any, nothing is cached."""
    noting = _noting()
    if noting is None:
        found: frozenset[Name] = _stock_secured()
        return found
    with _asking(noting):
        found = _stock_secured()
    noting.answers["secured",] = bool(found)
    noting.is_complete &= not found
    return found


def _members() -> tuple[str, ...]:
    """Return the user, on whom a cached translation must not depend."""
    if noting := _noting():
        noting.is_complete = False
    members: tuple[str, ...] = _stock_members()
    return members


def _restore() -> None:
    """Do nothing within a translation: `restore_functions` was called before."""
    if _noting() is None:
        _stock_restore()


def _connection() -> duckdb.DuckDBPyConnection:
    """Return the connection; any unrecorded read makes the record incomplete."""
    noting = _noting()
    if noting and not noting.is_asking:
        noting.is_complete = False
    connection: duckdb.DuckDBPyConnection = _stock_connection()
    return connection
