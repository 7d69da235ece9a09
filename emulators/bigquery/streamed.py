"""Patch the emulator to look up a table once, until it changes.

Each row that was streamed into a table had the table described three times, and its
values converted once to see whether they can be: four fifths of the work of a small
insert, and the same descriptions are a third of a load job.

Cost: none. Where a value is not plainly of its column's type, the emulator decides as
before.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from local_bigquery.catalog import tabledata, tables
from local_bigquery.models import TableFieldSchema

from emulators.bigquery import answers, catalog, lookups

type _Schema = Mapping[str, tuple[str, Any]]
type _Rows = list[dict[str, Any]]

_stock_load = tabledata.load
_stock_unconvertible = tabledata._unconvertible  # noqa: SLF001 - no public way

_INT64 = range(-(2**63), 2**63)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def look_up_once() -> None:
    """Replace what a streamed row asks; after `note_lookups` and `notice_changes`."""
    tables.columns = tabledata.columns = _columns
    tabledata.load = _load
    tabledata._unconvertible = _unconvertible  # noqa: SLF001 - no public way


def _columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    name = (project_id, dataset_id, table_id)
    if _is_remembered(dataset_id):
        described = answers.get(("described", *name))
        if isinstance(described, catalog.Described):
            return catalog.fields(described, dataset_id)
    return lookups.columns(*name)


def _load(project_id: str, dataset_id: str, table_id: str) -> object:
    """Raise the emulator's error where no table is; nobody here reads what it is."""
    name = (project_id, dataset_id, table_id)
    if (
        _is_remembered(dataset_id)
        and not answers.get(("expires", *name))
        and answers.get(("kind", *name)) in (catalog.TABLE, catalog.VIEW)
    ):
        return None
    return _stock_load(*name)


def _is_remembered(dataset_id: str) -> bool:
    """Not of results, which nobody notes; nor for a translation, which notes more."""
    return dataset_id != tables.RESULTS and not lookups.is_noting()


def _unconvertible(schema: _Schema, rows: _Rows) -> list[list[str]]:
    """Return each row's columns whose values cannot be converted."""
    fits = {column: _fits_of(str(of)) for column, of in schema.values()}
    for row in rows:
        for column, value in row.items():
            if value is not None and not fits[column](value):
                stock: list[list[str]] = _stock_unconvertible(schema, rows)
                return stock
    return [[] for _ in rows]


def _fits_of(kind: str) -> Callable[[Any], bool]:
    """Return what says that a value is plainly of a type of DuckDB's."""
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return lambda _: True  # as the emulator: it looks at single values only
    return _FITS.get(kind, lambda _: False)


def _is_in(
    form: re.Pattern[str], parse: Callable[[str], object]
) -> Callable[..., bool]:
    def is_valid(value: object) -> bool:
        if not (isinstance(value, str) and form.fullmatch(value)):
            return False
        try:
            parse(value)
        except ValueError:
            return False
        return True

    return is_valid


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "VARCHAR": lambda value: isinstance(value, str),
    "BIGINT": lambda value: type(value) is int and value in _INT64,
    "DOUBLE": lambda value: type(value) in (int, float) and abs(value) < 1e300,  # noqa: PLR2004
    "BOOLEAN": lambda value: isinstance(value, bool),
    "DATE": _is_in(_DAY, date.fromisoformat),
    "TIMESTAMP WITH TIME ZONE": _is_in(_MOMENT, datetime.fromisoformat),
    # The emulator looks at neither.
    "JSON": lambda _: True,
    "BLOB": lambda _: True,
}
