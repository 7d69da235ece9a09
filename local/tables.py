"""Create the dataset, its tables and its views on the BigQuery emulator, from sql/.

In the cloud, Terraform creates the same tables, and compute_metrics the same views.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulators import environment
from emulators.bigquery import BigQueryEmulator
from shared import sql_files
from shared.interfaces import Tables

if TYPE_CHECKING:
    from google.cloud import bigquery

SCHEMAS = Path(__file__).parents[1] / "sql/schemas"
PROJECT = "local"
DATASET = "tmdb_analytics"
MAX_BYTES_BILLED = 1024**3
"""Limit of each query; on this machine nothing is billed."""


def connect(url: str) -> "bigquery.Client":
    """Open a client on the emulator."""
    from shared.bigquery import open_client

    environment.spare_loopback()
    return open_client(PROJECT, url)


def opened(client: "bigquery.Client") -> Tables:
    """Return the dataset's tables through the interface of the functions."""
    from shared.bigquery import Warehouse

    return Warehouse(client, DATASET, MAX_BYTES_BILLED)


@contextmanager
def emulated(folder: Path) -> Iterator["bigquery.Client"]:
    """Open an emulator's data in a folder, with every table and view of sql/."""
    with (
        BigQueryEmulator(folder, project=PROJECT) as emulator,
        closing(connect(emulator.url)) as client,
    ):
        create_tables(client)
        create_views(client)
        yield client


def create_views(client: "bigquery.Client") -> None:
    """Create every view, and the table of thresholds, as compute_metrics does."""
    for view in sql_files.views():
        client.query_and_wait(view.sql)


def create_tables(client: "bigquery.Client", dataset: str = DATASET) -> None:
    """Create the dataset, and every table and column of sql/schemas that is missing.

    The data in `.data` may be older; in the cloud, Terraform adds the columns.
    """
    client.create_dataset(dataset, exists_ok=True)
    for path in sorted(SCHEMAS.glob("*.json")):
        wanted = table(path, dataset)
        made = client.create_table(wanted, exists_ok=True)
        known = {field.name for field in made.schema}
        if missing := [field for field in wanted.schema if field.name not in known]:
            made.schema = [*made.schema, *missing]
            client.update_table(made, ["schema"])


def expire_partitions(
    client: "bigquery.Client", now: datetime, dataset: str = DATASET
) -> None:
    """Delete the partitions that BigQuery would have dropped by now.

    The emulator itself expires nothing, because simulated days are in the past. A
    partition expires when its table's expiration has passed since the day began.
    """
    from google.cloud import bigquery

    for item in client.list_tables(dataset):
        made = client.get_table(item)
        partitioning = made.time_partitioning
        if not partitioning or not partitioning.expiration_ms:
            continue
        kept = timedelta(milliseconds=int(partitioning.expiration_ms))
        parameter = bigquery.ScalarQueryParameter("kept_from", "TIMESTAMP", now - kept)
        client.query_and_wait(
            f"DELETE FROM {dataset}.{made.table_id} "
            f"WHERE TIMESTAMP({partitioning.field}) <= @kept_from",
            job_config=bigquery.QueryJobConfig(query_parameters=[parameter]),
        )


def table(path: Path, dataset: str = DATASET) -> "bigquery.Table":
    """Describe the table of one schema file."""
    from google.cloud import bigquery

    spec: dict[str, Any] = json.loads(path.read_text())
    fields = [bigquery.SchemaField.from_api_repr(field) for field in spec["fields"]]
    made = bigquery.Table(f"{PROJECT}.{dataset}.{path.stem}", schema=fields)
    made.description = spec["description"]
    made.clustering_fields = spec["cluster_by"] or None
    if spec["partition_by"]:
        made.time_partitioning = bigquery.TimePartitioning(
            field=spec["partition_by"],
            expiration_ms=(spec["partition_expiration_days"] or 0) * 86_400_000 or None,
        )
    return made
