"""Measure the metrics of one day at scale: seconds and rows by movies and days.

python -m benchmarks.metrics_scale, or `make bench-scale`. On the embedded BigQuery
(DuckDB, one machine): seconds say how work grows, not what BigQuery takes. Rows read
are those of the partitions that the statements are bounded to (a test proves the bounds
over Google's resolved tree), next to the rows stored. The statements of the score
before the present one (benchmarks/metrics/earlier) are timed on the same rows.
"""

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from google.cloud import bigquery
from rich.console import Console
from rich.table import Table

from benchmarks.metrics import earlier
from local.console import open_console
from local.tables import DATASET, emulated
from shared import sql_files, sql_scripts

TODAY = date(2026, 6, 30)
LOOK_BACK_DAYS = 46
"""The widest that a statement is bounded to."""

SNAPSHOTS = """
INSERT INTO tmdb_analytics.movie_daily_snapshots (
  movie_id, snapshot_date, popularity, popularity_source, vote_count, vote_average,
  popularity_change_1d, popularity_pct_change_1d, popularity_change_7d,
  popularity_pct_change_7d, vote_count_change_7d, vote_count_pct_change_7d,
  ingestion_timestamp
)
SELECT
  movie_id, day, popularity, 'export', vote_count, 6.5, 0.1, 0.5, 0.7, 3.5, 7.0, 1.5,
  TIMESTAMP(day)
FROM (
  SELECT
    movie_id, day,
    0.5 + 4000 / movie_id + 0.01 * MOD(movie_id * 31 + UNIX_DATE(day) * 17, 97)
      AS popularity,
    10 + MOD(movie_id * 7919, 5000) + UNIX_DATE(day) - 20000 AS vote_count
  FROM UNNEST(GENERATE_ARRAY(@first_movie, @last_movie)) AS movie_id
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(@from_date, @to_date)) AS day
)
"""
SIGNALS = """
INSERT INTO {dataset}.movie_viral_signals (
  movie_id, calculation_date, history, is_breakout_alarm, popularity_growth_7d,
  popularity_growth_z, popularity_volatility_1d, viral_coefficient
)
SELECT movie_id, snapshot_date, 'full', FALSE, 0.01, 0.3, 0.05, 5.0
FROM tmdb_analytics.movie_daily_snapshots
WHERE snapshot_date BETWEEN @from_date AND @to_date
"""
MOVIES_PER_INSERT = 20_000


@dataclass(frozen=True, slots=True)
class Result:
    """One size: what is stored, what is read, and seconds by statement."""

    movies: int
    days: int
    rows_stored: int
    rows_read: int
    seconds: dict[str, float]


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--movies", type=int, nargs="*", default=[1_000, 10_000, 100_000]
    )
    parser.add_argument("--days", type=int, default=180)
    arguments = parser.parse_args()
    console = open_console(width=140)
    sizes = [(movies, arguments.days) for movies in arguments.movies]
    # The same movies with a third of the history: the difference must be nothing.
    sizes.insert(0, (arguments.movies[0], LOOK_BACK_DAYS + 1))
    results = []
    with console.status("") as status:
        for movies, days in sizes:
            status.update(f"{movies:,} movies, {days} days")
            results.append(measure(movies, days))
    show(console, results)


def measure(movies: int, days: int) -> Result:
    """Fill a dataset and compute its newest day twice; the second is what counts."""
    with (
        tempfile.TemporaryDirectory() as folder,
        emulated(Path(folder)) as client,
    ):
        first = TODAY - timedelta(days=days - 1)
        for start in range(1, movies + 1, MOVIES_PER_INSERT):
            end = min(start + MOVIES_PER_INSERT - 1, movies)
            days_of = {"from_date": first, "to_date": TODAY}
            run(client, SNAPSHOTS, first_movie=start, last_movie=end, **days_of)
        yesterday = TODAY - timedelta(days=1)
        earlier.create(client)
        for dataset in (DATASET, earlier.EARLIER):
            signals = SIGNALS.format(dataset=dataset)
            run(client, signals, from_date=first, to_date=yesterday)
        seconds: dict[str, float] = {}
        for _ in range(2):
            seconds = dict(_timed(client))
        count = "SELECT COUNT(*) FROM tmdb_analytics.movie_daily_snapshots "
        window = {"from_date": TODAY - timedelta(days=LOOK_BACK_DAYS), "to_date": TODAY}
        [(stored,)] = run(client, count)
        [(read,)] = run(
            client,
            f"{count} WHERE snapshot_date BETWEEN @from_date AND @to_date",
            **window,
        )
    return Result(movies, days, stored, read, seconds)


def _timed(client: bigquery.Client) -> Iterator[tuple[str, float]]:
    for statement in sql_files.daily():
        began = time.monotonic()
        run(client, sql_scripts.alone(statement), from_date=TODAY, to_date=TODAY)
        yield statement.name, time.monotonic() - began
    for statement in earlier.daily():
        began = time.monotonic()
        run(client, statement.sql, from_date=TODAY, to_date=TODAY)
        yield f"before: {statement.name}", time.monotonic() - began


def run(
    client: bigquery.Client, sql: str, **parameters: date | int
) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    values = [
        bigquery.ScalarQueryParameter(
            name, "DATE" if isinstance(value, date) else "INT64", value
        )
        for name, value in parameters.items()
    ]
    config = bigquery.QueryJobConfig(query_parameters=values)
    return [row.values() for row in client.query_and_wait(sql, job_config=config)]


def show(console: Console, results: list[Result]) -> None:
    """Print seconds and rows by size."""
    table = Table(title=f"One day of metrics, on {platform.machine()}")
    for name in ("movies", "days kept", "rows stored", "rows in the window"):
        table.add_column(name, justify="right")
    for name in results[0].seconds:
        table.add_column(name.partition("_")[0], justify="right")
    table.add_column("seconds", justify="right")
    table.add_column("us a movie", justify="right")
    for result in results:
        whole = sum(
            seconds
            for name, seconds in result.seconds.items()
            if not name.startswith("before")
        )
        table.add_row(
            *(f"{n:,}" for n in (result.movies, result.days)),
            *(f"{n:,}" for n in (result.rows_stored, result.rows_read)),
            *(f"{value:.2f}" for value in result.seconds.values()),
            f"{whole:.2f}",
            f"{1e6 * whole / result.movies:,.0f}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
