"""Load rows into a dataset, run statements on them, and read rows back.

A dataset on the embedded BigQuery, with the tables and views that local/tables makes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from google.cloud import bigquery

from local.public_tables import create_pageviews
from local.public_tables import name as public_name
from local.tables import DATASET, PROJECT, emulated
from shared import sql_files, sql_scripts
from shared.sql_files import Statement

type Row = Mapping[str, Any]

SCHEMAS = sorted((sql_files.SQL / "schemas").glob("*.json"))

COMPUTED = (
    "movies",
    "movie_daily_snapshots",
    "catalogue_days",
    "movie_viral_signals",
    "movie_metrics_aggregated",
    "leading_movie_days",
    "movie_breakouts",
    "outlook_days",
)
"""The tables that the numbered statements write."""

PAGEVIEWS = "pageviews_2026"
"""The table of Wikipedia's public dataset that sql/attention names."""

_TYPES = {date: "DATE", datetime: "TIMESTAMP", int: "INT64", str: "STRING"}
_RETRY = bigquery.DEFAULT_RETRY.with_timeout(20)
"""A failed emulator must fail soon: the default of Google's client is 10 minutes."""


@contextmanager
def sandbox_in(folder: Path) -> Iterator["Sandbox"]:
    """Open a dataset on an emulator of its own, beside Wikipedia's public table."""
    with emulated(folder) as client:
        create_pageviews(client, 2026)
        yield Sandbox(client)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The dataset; `clear` empties its tables."""

    client: bigquery.Client

    def clear(self) -> None:
        """Leave no row in any table."""
        tables = [f"TRUNCATE TABLE {DATASET}.{path.stem};" for path in SCHEMAS]
        public = f"DELETE FROM `{public_name(2026)}` WHERE datehour IS NOT NULL"
        self.select("\n".join([*tables, public]))

    def load(self, table: str, rows: Sequence[Row]) -> None:
        """Append rows; missing columns are NULL."""
        is_public = table == PAGEVIEWS
        name = public_name(2026) if is_public else f"{PROJECT}.{DATASET}.{table}"
        target = self.client.get_table(name)
        config = bigquery.LoadJobConfig(schema=target.schema)
        lines = [{name: _as_json(row[name]) for name in row} for row in rows]
        self.client.load_table_from_json(lines, target, job_config=config).result()

    def select(self, sql: str, **values: date | str | int) -> list[dict[str, Any]]:
        """Run one query or statement with parameters of the types of _TYPES."""
        parameters = [
            bigquery.ScalarQueryParameter(name, _TYPES[type(value)], value)
            for name, value in values.items()
        ]
        rows = self.client.query_and_wait(
            sql,
            job_config=bigquery.QueryJobConfig(query_parameters=parameters),
            retry=_RETRY,
        )
        return [dict(row.items()) for row in rows]

    def rows(self, name: str, where: str = "TRUE") -> list[dict[str, Any]]:
        """Return the rows of a table or view, in the order of their text."""
        rows = self.select(f"SELECT * FROM {DATASET}.{name} WHERE {where}")
        return sorted(rows, key=str)

    def compute(
        self, from_date: date, to_date: date, files: Iterable[Statement] | None = None
    ) -> None:
        """Run the statements that take days, all or some."""
        for file in files or sql_files.daily():
            script = sql_scripts.alone(file)
            self.select(script, from_date=from_date, to_date=to_date)

    def publish(self, from_date: date, to_date: date) -> None:
        """Publish days, as compute_metrics does when their checks have passed."""
        script = sql_scripts.gate_script("publish")
        self.select(script, from_date=from_date, to_date=to_date)

    def make_small(self, from_date: date, to_date: date) -> None:
        """Make the small tables from the other tables' rows of the days."""
        self.select(sql_scripts.small_tables(), from_date=from_date, to_date=to_date)


def _as_json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
