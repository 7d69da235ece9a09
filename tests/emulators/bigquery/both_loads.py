"""Compare original and patched load jobs: run this module with a FOLDER.

Loads values of every kind into a column of every type, from a file of JSON lines, first
by the stock emulator, then by the patched one. Prints as JSON whose answers or stored
rows differ.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from local_bigquery.engine import database
from local_bigquery.jobs import runner
from local_bigquery.models import JobConfigurationLoad

from emulators.bigquery.changes import notice_changes
from emulators.bigquery.streamed import look_up_once
from emulators.bigquery.translations import remember_translations
from emulators.bigquery.uploads import patch_uploads
from local.tables import PROJECT
from tests.emulators.bigquery import comparing

_DATASET, _TABLE = "loaded", "values"
_TYPES = ("STRING", "INT64", "FLOAT64", "BOOL", "DATE", "TIMESTAMP", "REPEATED")
_VALUES: tuple[Any, ...] = (
    None, "", "x", "é", "true", "1", "1.5", 0, 1, -1.5, 1e308, True, 2**63 - 1, 2**63,
    "2026-02-28", "2026-02-30", "2026-02-28T12:30:00Z", "2026-02-28 12:30:00 UTC",
    "2026-02-28T12:30:00.123456+00:00", "2026-02-28T12:30:00+14:00", [], [1], {"a": 1},
)  # fmt: skip
_FILES = {
    "no line": "",
    "an empty line": "\n",
    "no object": "1\n",
    "cut off": '{"id": 1}\n{"id": ',
    "another type later": '{"id": 1, "value": 2}\n{"id": 2, "value": "x"}\n',
    "an unknown column": '{"id": 1, "other": 2}\n',
    "another order": '{"value": 3, "id": 1}\n{"id": 2}\n',
    "one column": '{"value": 3}\n',
    "letters of another case": '{"ID": 1, "Value": 3}\n',
    "the same column twice": '{"id": 1, "value": 3, "VALUE": 4}\n',
    "many": "".join(f'{{"id": {n}, "value": {n % 7}}}\n' for n in range(30_000)),
}
_NO_SCHEMA: list[dict[str, Any]] = []
_SCHEMA = [{"name": "id", "type": "INT64"}, {"name": "value", "type": "INT64"}]


def _answers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in _TYPES:
        _make(kind)
        for value in _VALUES:
            lines = [{"id": 1, "value": value}, {"id": 2}]
            text = "".join(f"{json.dumps(line)}\n" for line in lines)
            found[f"{kind} {value!r}"] = _answer(text, _NO_SCHEMA)
    _make("INT64")
    for name, text in _FILES.items():
        for schema in (_NO_SCHEMA, _SCHEMA):
            found[f"{name} {bool(schema)}"] = _answer(text, schema)
    return found


def _make(kind: str) -> None:
    """Create the table again, under the same name."""
    field: dict[str, Any] = {"name": "value", "type": kind}
    if kind == "REPEATED":
        field = {"name": "value", "type": "INT64", "mode": "REPEATED"}
    fields = [{"name": "id", "type": "INT64"}, field]
    comparing.make_again(_DATASET, _TABLE, fields)


def _answer(text: str, schema: list[dict[str, Any]]) -> Any:
    """Load a file; return the answer and what is then stored."""
    target = {"projectId": PROJECT, "datasetId": _DATASET, "tableId": _TABLE}
    config = JobConfigurationLoad.model_validate(
        {
            "destinationTable": target,
            "sourceFormat": "NEWLINE_DELIMITED_JSON",
            "createDisposition": "CREATE_NEVER",
            "writeDisposition": "WRITE_APPEND",
        }
        | ({"schema": {"fields": schema}} if schema else {})
    )
    with tempfile.TemporaryDirectory() as folder, database.cursor() as cursor:
        file = Path(folder) / "upload"
        file.write_text(text)
        answer = comparing.outcome(
            lambda: runner.HANDLERS["load"](cursor, config, str(file)).dump()
        )
        answer = json.loads(json.dumps(answer, default=repr).replace(folder, "folder"))
    return [answer, comparing.taken(_DATASET, _TABLE)]


def main() -> None:
    """Compare and print."""
    comparing.begin(sys.argv[1])
    comparing.make_dataset(_DATASET)
    stock = _answers()
    remember_translations()
    notice_changes()
    look_up_once()
    patch_uploads()
    comparing.show(stock, _answers(), lambda answer: "reason" in str(answer[0]))


if __name__ == "__main__":
    main()
