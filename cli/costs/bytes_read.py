"""Bytes read: a number of movies in; what metrics, page and views read of them out.

bytes_read.json has, by query and table, the bytes that are read for each row that the
table has per day: columns x days, taken from the resolved SQL (`make docs`). Those of
metrics are by the days that are read where one day is computed: a range of days reads
as many more. They are the most that a computation reads; on a usual day some queries
read less (sql/windows). BigQuery bills at least 10 MB for each table of a query; of a
whole day that is not in these numbers, of one computation it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from cli.costs.assumptions import (
    listed_rows,
    movies_with_details,
    movies_with_popularity,
)
from cli.costs.prices import LEAST_BYTES_PER_TABLE
from shared.runs import MOVIES_PER_BATCH

MOST_ARTICLES = 17_500
"""Movies whose readers on Wikipedia are known, at most: articles_due.sql gives 2,500 a
day, each of them every 7 days."""
LEADING_MOVIES = 30_000
"""leading_max_rank of sql/10_metric_thresholds.sql."""
BREAKOUTS_PER_MOVIE = 0.001
"""In a day, of movies with votes: more than the demo has."""

KEPT_DAYS = 180
"""retention_days of terraform/variables.tf."""
OTHERWISE_KEPT = {
    "latest_movie_metrics": 1,  # it and movies have no row per day
    "movie_details_raw": 30,
    "movie_popularity_raw": 120,
    "movies": 1,
}
"""Table -> days."""

_PUBLICATION = (
    *("70_leading_movie_days", "80_movie_breakouts", "90_outlook_days"),
    *("publish", "record", "latest_movie_metrics"),
)

_OF_THE_PAST = ("35_movie_daily_snapshots", "70_leading_movie_days")
"""Queries that read the past of movies that were not tracked, where there are such."""

FIXED = " fixed"
"""Marks days that are as many, however many are computed."""

type Queries = Mapping[str, Mapping[str, int]]
"""Query -> table -> bytes for each row that the table has per day."""
type Computation = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Query -> table -> days read where one is computed -> bytes of a row of a day."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the queries find.

    movies: tracked. details: of how many of them a run asks TMDB. days: that are kept,
    details_days: of details; fewer after a first load. articles: movies whose readers
    on Wikipedia are known, which is off by default.
    """

    movies: int
    details: int
    days: int = KEPT_DAYS
    details_days: int = OTHERWISE_KEPT["movie_details_raw"]
    articles: int = 0

    @classmethod
    def of(cls, movies: int, details_per_day: int | None = None) -> Self:
        """Return what there is after months of so many tracked movies."""
        return cls(movies, movies_with_details(movies, details_per_day))

    def rows_per_day(self, table: str) -> float:
        """Return how many rows a table has per day; all where it has no days."""
        batches = self.details / MOVIES_PER_BATCH
        return {
            "batch_plan": batches,
            "catalogue_days": 1,
            "chart_history": listed_rows(self.movies),
            "check_findings": 1,
            "ingestion_log": batches,
            "latest_movie_metrics": self.movies,
            "latest_movie_metrics votes": self.details,
            "leading_movie_days": min(self.movies, LEADING_MOVIES),
            "movie_attention_daily": self.articles,
            "movie_breakouts": self.details * BREAKOUTS_PER_MOVIE,
            "movie_daily_snapshots": self.movies,
            "movie_details_raw": self.details,
            "movie_metrics_aggregated": self.movies,
            "movie_popularity_raw": movies_with_popularity(self.movies),
            "movie_viral_signals": self.movies,
            "movies": self.movies,
            "outlook_days": 1,
        }[table]

    def kept_days(self, table: str) -> int:
        """Return how many days of a table there are to read."""
        if table == "movie_details_raw":
            return self.details_days
        return min(self.days, OTHERWISE_KEPT.get(table, KEPT_DAYS))


@dataclass(frozen=True, slots=True)
class BytesRead:
    """What is read of a catalogue.

    metrics: by the computation of a usual day. publication: the part of it that keeps
    the lists and the small tables which the page and the views read. most_metrics: by
    that of a day after a catalogue-wide shift, with newly tracked movies, after a
    weekly run, and without votes. page: by one page.
    largest_view: by that view of the newest day which reads most.
    """

    metrics: int
    most_metrics: int
    publication: int
    page: int
    largest_view: int


def of_movies(
    movies: int, details_per_day: int | None = None, articles: int = 0
) -> BytesRead:
    """Return what the queries read of so many movies, 180 days of them kept."""
    found = replace(Catalogue.of(movies, details_per_day), articles=articles)
    metrics = _of_one_day(of_usual_metrics(found), found)
    page, views = (_of_day(queries, found) for queries in (_page(), _views()))
    return BytesRead(
        metrics=sum(metrics.values()),
        most_metrics=sum(_of_one_day(of_metrics(), found).values()),
        publication=sum(metrics[query] for query in _PUBLICATION),
        page=sum(page.values()),
        largest_view=max(views.values()),
    )


def of_computation(found: Catalogue, days: int, queries: Computation) -> int:
    """Return what one computation of so many days is billed: a script, all of it."""
    return sum(
        max(LEAST_BYTES_PER_TABLE, _of_days(table, read, found, days))
        for tables in queries.values()
        for table, read in tables.items()
    )


def days_read(read: str, days: int, kept: int) -> int:
    """Return of how many days columns are read where so many days are computed."""
    if read.endswith(FIXED):
        return min(kept, int(read.removesuffix(FIXED)))
    return min(kept, int(read) + days - 1)


def _of_days(
    table: str, by_days: Mapping[str, int], found: Catalogue, days: int
) -> int:
    kept = found.kept_days(table)
    a_row = sum(days_read(read, days, kept) * size for read, size in by_days.items())
    return round(found.rows_per_day(table) * a_row)


def _of_one_day(queries: Computation, found: Catalogue) -> dict[str, int]:
    return {
        query: sum(_of_days(table, days, found, 1) for table, days in tables.items())
        for query, tables in queries.items()
    }


def _of_day(queries: Queries, found: Catalogue) -> dict[str, int]:
    return {
        query: sum(
            round(found.rows_per_day(table) * row_bytes)
            for table, row_bytes in tables.items()
        )
        for query, tables in queries.items()
    }


def of_metrics() -> Computation:
    """Return what the queries of one computation read at most."""
    metrics: Computation = _stored()["metrics"]
    return metrics


def of_usual_metrics(found: Catalogue) -> Computation:
    """Return what they read on a usual day.

    Where the exports hold movies that are not tracked, some of them are tracked on most
    days, and their past is read.
    """
    tables = ("movie_popularity_raw", "movie_daily_snapshots")
    kept, tracked = map(found.rows_per_day, tables)
    usual: Computation = _stored()["usual"]
    return {
        query: read
        if query in _OF_THE_PAST and kept > tracked
        else usual.get(query, read)
        for query, read in of_metrics().items()
    }


def _page() -> Queries:
    page: Queries = _stored()["page"]
    return page


def _views() -> Queries:
    views: Queries = _stored()["views"]
    return views


@cache
def _stored() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(
        Path(__file__).with_suffix(".json").read_text()
    )
    return found
