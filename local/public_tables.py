"""Create Wikipedia's public page views on the BigQuery emulator, and load their rows.

In the cloud they are Google's: `bigquery-public-data.wikipedia.pageviews_<year>`.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from shared import sql_files

if TYPE_CHECKING:
    from google.cloud import bigquery

PROJECT = "bigquery-public-data"
DATASET = "wikipedia"
SCHEMA = sql_files.SQL / "public/pageviews.json"


def create_pageviews(client: "bigquery.Client", year: int) -> None:
    """Create the table of one year, and its dataset, where they are missing."""
    from google.cloud import bigquery

    spec: dict[str, Any] = json.loads(SCHEMA.read_text())
    fields = [bigquery.SchemaField.from_api_repr(field) for field in spec["fields"]]
    made = bigquery.Table(name(year), schema=fields)
    made.time_partitioning = bigquery.TimePartitioning(
        type_=spec["partition_type"], field=spec["partition_by"]
    )
    made.clustering_fields = spec["cluster_by"]
    made.require_partition_filter = True
    client.create_dataset(f"{PROJECT}.{DATASET}", exists_ok=True)
    client.create_table(made, exists_ok=True)


def load_pageviews(
    client: "bigquery.Client", year: int, rows: Iterable[dict[str, object]]
) -> None:
    """Append rows of datehour (RFC 3339), wiki, title and views to a year's table."""
    client.load_table_from_json(list(rows), name(year)).result()


def name(year: int) -> str:
    """Return the full name of a year's table."""
    return f"{PROJECT}.{DATASET}.pageviews_{year}"
