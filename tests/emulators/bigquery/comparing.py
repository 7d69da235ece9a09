"""What both_*.py share, which compare the original emulator with the patched one.

Each runs in a process of its own (separately.py): it uses the emulator's internals.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from local_bigquery.catalog import datasets, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.models import Dataset, Table

from emulators.bigquery.catalog import look_up_single_tables
from emulators.bigquery.offline import go_offline
from local.tables import PROJECT

type Answers = dict[str, Any]


def begin(folder: str) -> None:
    """Open the emulator's data in a folder, without its patches for speed."""
    database.settings.data_dir = Path(folder)
    database.settings.default_project_id = PROJECT
    go_offline()
    look_up_single_tables()


def make_dataset(dataset: str) -> None:
    """Create a dataset."""
    made = {"datasetReference": {"datasetId": dataset}}
    datasets.create(PROJECT, Dataset.model_validate(made))


def make_again(dataset: str, table: str, fields: Sequence[Mapping[str, Any]]) -> None:
    """Create a table again, under the same name."""
    made = {"tableReference": {"tableId": table}, "schema": {"fields": fields}}
    if tables.exists(PROJECT, dataset, table):
        tables.delete(PROJECT, dataset, table)
    tables.create(PROJECT, dataset, Table.model_validate(made), None)


def outcome(act: Callable[[], Any]) -> Any:
    """Return what a call returns, or its error."""
    try:
        return act()
    except BigQueryError as error:
        return error.proto()
    except Exception as error:  # noqa: BLE001 - the original's failures are compared too
        return repr(error)


def taken(dataset: str, table: str) -> str:
    """Return the rows of a table, and delete them."""
    name = tables.name(PROJECT, dataset, table)
    stored = database.fetch(f"SELECT * FROM {name}")
    database.execute(f"DELETE FROM {name}")
    return repr(stored)


def show(stock: Answers, patched: Answers, is_refused: Callable[[Any], bool]) -> None:
    """Print how many were compared, how many refused, and which differ."""
    printed = {
        "compared": len(stock),
        "refused": sum(map(is_refused, stock.values())),
        "differing": [name for name in stock if patched[name] != stock[name]],
    }
    sys.stdout.write(json.dumps(printed))
