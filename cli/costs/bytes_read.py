"""Bytes read: a number of movies in; what metrics, page and views read of them out.

bytes_read.json has, by query and table, the bytes that are read for each row that the
table has per day: columns x days, taken from the resolved SQL (`make docs`). BigQuery
bills at least 10 MB for each table of a query; that is not in these numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cli.costs.assumptions import listed_rows
from functions.ingest_changes.plan import band_of
from shared.messages import LARGEST_LIMIT
from shared.runs import MOVIES_PER_BATCH

LEADING_MOVIES = 30_000
"""leading_max_rank of sql/10_metric_thresholds.sql."""
BREAKOUTS_PER_MOVIE = 0.001
"""In a day, of movies with votes: more than the demo has."""

_PUBLICATION = (
    *("70_leading_movie_days", "80_movie_breakouts", "90_outlook_days"),
    *("publish", "record", "latest_movie_metrics"),
)

type _Queries = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class BytesRead:
    """What is read of a catalogue.

    metrics: by the computation of one day. publication: the part of it that keeps the
    lists and the small tables which the page and the views read. page: by one page.
    largest_view: by that view of the newest day which reads most.
    """

    metrics: int
    publication: int
    page: int
    largest_view: int


def of_movies(movies: int) -> BytesRead:
    """Return what the queries read of so many movies, 180 days of them kept."""
    read = {
        kind: {
            query: sum(
                round(rows_per_day(table, movies) * row_bytes)
                for table, row_bytes in tables.items()
            )
            for query, tables in queries.items()
        }
        for kind, queries in _of_queries().items()
    }
    return BytesRead(
        metrics=sum(read["metrics"].values()),
        publication=sum(read["metrics"][query] for query in _PUBLICATION),
        page=sum(read["page"].values()),
        largest_view=max(read["views"].values()),
    )


def rows_per_day(table: str, movies: int) -> float:
    """Return how many rows a table has per day; all of them where it has no days."""
    with_details = min(movies, LARGEST_LIMIT)  # details_per_day by default
    batches = with_details / MOVIES_PER_BATCH
    return {
        "batch_plan": batches,
        "catalogue_days": 1,
        "chart_history": listed_rows(movies),
        "check_findings": 1,
        "ingestion_log": batches,
        "latest_movie_metrics": movies,
        "latest_movie_metrics votes": with_details,
        "leading_movie_days": min(movies, LEADING_MOVIES),
        "movie_breakouts": with_details * BREAKOUTS_PER_MOVIE,
        "movie_daily_snapshots": movies,
        "movie_details_raw": with_details,
        "movie_metrics_aggregated": movies,
        "movie_popularity_raw": band_of(movies),
        "movie_viral_signals": movies,
        "movies": movies,
        "outlook_days": 1,
    }[table]


@cache
def _of_queries() -> Mapping[str, _Queries]:
    found: Mapping[str, _Queries] = json.loads(
        Path(__file__).with_suffix(".json").read_text()
    )
    return found
