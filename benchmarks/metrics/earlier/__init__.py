"""The score before the present one, as a baseline: its files as they were, unchanged.

The folder has what sql/ and sql/schemas had on 2026-11-25 (commit 0198963). They run in
a dataset of their own and read the snapshots and days of the present one.
"""

from pathlib import Path

from google.cloud import bigquery

from local.tables import DATASET, table
from shared.sql_files import Statement

EARLIER = "earlier"

_FOLDER = Path(__file__).parent
_OWN = ("metric_thresholds", "movie_viral_signals", "movie_metrics_aggregated")


def create(client: bigquery.Client) -> None:
    """Create the dataset with its two tables and its view of thresholds."""
    client.create_dataset(EARLIER)
    for path in _FOLDER.glob("*.json"):
        client.create_table(table(path, EARLIER))
    client.query_and_wait(_moved("10_metric_thresholds").sql)


def daily() -> list[Statement]:
    """Return the statements that take days, in their order."""
    return [_moved("50_movie_viral_signals"), _moved("60_movie_metrics_aggregated")]


def _moved(name: str) -> Statement:
    sql = (_FOLDER / f"{name}.sql").read_text()
    for own in _OWN:
        sql = sql.replace(f"{DATASET}.{own}", f"{EARLIER}.{own}")
    return Statement(name, sql)
