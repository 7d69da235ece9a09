"""SQL on the embedded BigQuery: a folder of .sql files in, rows out.

Every test has a dataset of its own in one emulator; SQL is localised as in the cloud.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import count
from typing import Any

import pytest
from google.cloud import bigquery

from functions.compute_metrics import statements
from functions.compute_metrics.statements import Statement
from local.bigquery_emulator import BigQueryEmulator
from local.warehouse import DATASET, PROJECT, connect, create_tables

type Row = Mapping[str, Any]

_numbers = count(1)


@dataclass(frozen=True)
class Sandbox:
    """An own dataset with the tables of sql/schemas, empty at first."""

    client: bigquery.Client
    dataset: str

    def load(self, table: str, rows: Sequence[Row]) -> None:
        """Append rows; columns that are not named are NULL."""
        target = self.client.get_table(f"{PROJECT}.{self.dataset}.{table}")
        config = bigquery.LoadJobConfig(schema=target.schema)
        lines = [dict(row) for row in rows]
        self.client.load_table_from_json(lines, target, job_config=config).result(30)

    def select(self, sql: str, **days: date) -> list[dict[str, Any]]:
        """Run one query or statement with DATE parameters."""
        parameters = [
            bigquery.ScalarQueryParameter(name, "DATE", day)
            for name, day in days.items()
        ]
        rows = self.client.query_and_wait(
            sql.replace(f"{DATASET}.", f"{self.dataset}."),
            job_config=bigquery.QueryJobConfig(query_parameters=parameters),
            retry=None,
        )
        return [dict(row.items()) for row in rows]

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return a whole table or view."""
        return self.select(f"SELECT * FROM {DATASET}.{name}")

    def compute(self, from_date: date, to_date: date) -> None:
        """Run the numbered statements for a range of days."""
        self.run(statements.numbered(), from_date, to_date)

    def run(
        self, files: Iterable[Statement], from_date: date, to_date: date
    ) -> None:
        """Run some files for a range of days."""
        for file in files:
            days = {"from_date": from_date, "to_date": to_date}
            self.select(file.sql, **(days if file.takes_days else {}))

    @cached_property
    def schemas(self) -> dict[str, list[bigquery.SchemaField]]:
        """Columns of every table."""
        tables = self.client.list_tables(f"{PROJECT}.{self.dataset}")
        return {table.table_id: self.client.get_table(table).schema for table in tables}


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bigquery.Client]:
    """Return a client of an emulator that all SQL tests share."""
    with (
        BigQueryEmulator(tmp_path_factory.mktemp("bigquery"), project=PROJECT) as bq,
        connect(bq.url) as client,
    ):
        yield client


@pytest.fixture
def sandbox(emulated: bigquery.Client) -> Iterator[Sandbox]:
    """Return an empty dataset, dropped afterwards."""
    dataset = f"case_{next(_numbers)}"
    create_tables(emulated, dataset)
    yield Sandbox(emulated, dataset)
    emulated.delete_dataset(dataset, delete_contents=True)
