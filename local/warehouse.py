"""The local warehouse: sql/schemas in, a dataset with its tables out.

In the cloud the same files make the same tables.
"""

import json
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from local import environment

SCHEMAS = Path(__file__).parents[1] / "sql/schemas"
PROJECT = "local"
DATASET = "tmdb_analytics"


def connect(url: str) -> bigquery.Client:
    """Open a client on the emulator."""
    environment.spare_loopback()
    return bigquery.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=url),
    )


def create_tables(client: bigquery.Client, dataset: str = DATASET) -> None:
    """Create the dataset and every table of sql/schemas that is not there yet."""
    client.create_dataset(dataset, exists_ok=True)
    for path in sorted(SCHEMAS.glob("*.json")):
        client.create_table(table(path, dataset), exists_ok=True)


def table(path: Path, dataset: str = DATASET) -> bigquery.Table:
    """Describe the table of one schema file."""
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
