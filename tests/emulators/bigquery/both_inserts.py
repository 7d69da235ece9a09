"""Compare original and patched streaming: run this module with a FOLDER.

Streams values of every kind into a column of every type, first into the stock emulator,
then into the patched one. Prints as JSON whose answers or stored rows differ.
"""

import json
import sys
from typing import Any

from local_bigquery.catalog import tabledata
from local_bigquery.models import TableDataInsertAllRequest

from emulators.bigquery.changes import notice_changes
from emulators.bigquery.streamed import look_up_once
from emulators.bigquery.translations import remember_translations
from local.tables import PROJECT
from tests.emulators.bigquery import comparing

_DATASET, _TABLE = "streamed", "values"
_TYPES = ("STRING", "BYTES", "INT64", "FLOAT64", "NUMERIC", "BOOL", "DATE", "DATETIME")
_OTHER_TYPES = ("TIMESTAMP", "JSON", "REPEATED", "RECORD")
_VALUES: tuple[Any, ...] = (
    None, "", " ", "x", "é", "'", "true", "NaN", "-inf", "1", " 1", "1.5", "1e400",
    0, 1, -1, 1.5, 1e308, 1e15, True, False, 2**63 - 1, -(2**63), 2**63, 2**70,
    "2026-02-28", "2026-02-30", "2026-2-3", "0000-01-01", "9999-12-31", "٢٠٢٦-01-01",
    "12:30:00", "24:00:00", "2026-02-28T12:30:00Z", "2026-02-28T12:30:00",
    "2026-02-28 12:30:00 UTC", "2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z",
    "2026-02-28T12:30:00.123456+00:00", "2026-02-28T12:30:00.1234567+00:00",
    "2026-02-28T12:30:00+14:00", "2026-02-28T12:30:00-23:59",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-02-28T12:30:00+24:00", "aGk=",
    [], [1], {}, {"a": 1},
)  # fmt: skip


def _answers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in (*_TYPES, *_OTHER_TYPES):
        _make(kind)
        for value in _VALUES:
            found[f"{kind} {value!r}"] = _answer(value)
    return found


def _make(kind: str) -> None:
    """Create the table again, under the same name."""
    field: dict[str, Any] = {"name": "value", "type": kind}
    if kind == "REPEATED":
        field = {"name": "value", "type": "INT64", "mode": "REPEATED"}
    if kind == "RECORD":
        field["fields"] = [{"name": "a", "type": "INT64"}]
    fields = [{"name": "id", "type": "INT64", "mode": "REQUIRED"}, field]
    comparing.make_again(_DATASET, _TABLE, fields)


def _answer(value: Any) -> Any:
    """Insert a value; return the answer and what is then stored."""
    rows = [{"json": {"id": 1, "VALUE": value}}, {"json": {"id": 2}}]
    request = TableDataInsertAllRequest.model_validate(
        {"rows": rows, "skipInvalidRows": True}
    )
    answer = comparing.outcome(
        lambda: tabledata.insert_all(PROJECT, _DATASET, _TABLE, request)
    )
    stored = comparing.taken(_DATASET, _TABLE)
    return json.loads(json.dumps([answer, stored], default=repr))


def main() -> None:
    """Compare and print."""
    comparing.begin(sys.argv[1])
    comparing.make_dataset(_DATASET)
    stock = _answers()
    remember_translations()
    notice_changes()
    look_up_once()
    comparing.show(stock, _answers(), lambda answer: "insertErrors" in str(answer))


if __name__ == "__main__":
    main()
