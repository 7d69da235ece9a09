"""Patch the emulator to look up a table or dataset once, until it changes.

Before, it described the table three times for each streamed row, and converted
the row's values once to check them: four fifths of the work of a small insert. The same
descriptions were a third of the work of a load job. Each query looked up its default
dataset.

Cost: none. If a value is not clearly of its column's type, the emulator checks it as
before.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from local_bigquery.catalog import datasets, tabledata, tables
from local_bigquery.models import TableFieldSchema

from emulators.bigquery import answers, catalog, lookups

type _Schema = Mapping[str, tuple[str, Any]]
type _Rows = list[dict[str, Any]]

_stock_exists = datasets.exists
_stock_load = tabledata.load
_stock_unconvertible = tabledata._unconvertible  # noqa: SLF001 - no public way

_INT64 = range(-(2**63), 2**63)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def look_up_once() -> None:
    """Replace the look-ups; call after `note_lookups` and `notice_changes`."""
    tables.columns = tabledata.columns = _columns
    datasets.exists = _exists
    tabledata.load = _load
    tabledata._unconvertible = _unconvertible  # noqa: SLF001 - no public way


def _exists(project_id: str, dataset_id: str) -> bool:
    is_known = _is_remembered(dataset_id) and answers.get(
        ("dataset", project_id, dataset_id)
    )
    # Another request may be creating it.
    return is_known or bool(_stock_exists(project_id, dataset_id))


def _columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    name = (project_id, dataset_id, table_id)
    if _is_remembered(dataset_id):
        described = answers.get(("described", *name))
        if isinstance(described, catalog.Described):
            return catalog.fields(described, dataset_id)
    return lookups.columns(*name)


def _load(project_id: str, dataset_id: str, table_id: str) -> object:
    """Raise the emulator's error if there is no table; callers ignore the result."""
    name = (project_id, dataset_id, table_id)
    if (
        _is_remembered(dataset_id)
        and not answers.get(("expires", *name))
        and answers.get(("kind", *name)) in (catalog.TABLE, catalog.VIEW)
    ):
        return None
    return _stock_load(*name)


def _is_remembered(dataset_id: str) -> bool:
    """Return whether look-ups of a dataset are cached.

    Changes of results are not reported, and a translation records its own look-ups.
    """
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
    """Return a function that tells whether a value is clearly of a DuckDB type."""
    if kind.startswith(("STRUCT", "MAP")) or kind.endswith("]"):
        return lambda _: True  # the emulator too checks single values only
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
    # The emulator checks neither.
    "JSON": lambda _: True,
    "BLOB": lambda _: True,
}
