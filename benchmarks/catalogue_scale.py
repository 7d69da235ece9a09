"""Every movie tracked: exports of each size in; seconds and peak memory out.

python -m benchmarks.catalogue_scale, or `make bench-scale`. An initial run and its
history days, by ingest_changes' own code in a process of its own, read generated
exports over HTTP, land them in the embedded BigQuery (DuckDB), track every movie and
choose whose details are fetched. Those details are made up by a statement; then the
metric statements compute the newest day, or with --catch-up all days at once. Seconds
of a load job and of statements say how work grows, not what BigQuery takes; the
function's CPU and memory are its own.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from benchmarks.metrics_scale import run
from benchmarks.peers.landing import peak_mib
from emulators.bigquery import BigQueryEmulator
from local.console import open_console
from local.tables import PROJECT, connect, create_tables, create_views
from shared import sql_files, sql_scripts

SIZES = (1_000, 10_000, 100_000, 1_100_000)
DETAILS_PER_DAY = 200_000
DETAILS = """
INSERT INTO tmdb_analytics.movie_details_raw (
  run_id, run_date, batch_no, movie_id, title, popularity, vote_count, vote_average,
  fetched_at, answered_at
)
SELECT
  run_id, run_date, batch_no, movie_id, 'A title', 1.0, 100 + MOD(movie_id, 1000), 6.5,
  created_at, created_at
FROM tmdb_analytics.batch_plan
CROSS JOIN UNNEST(movie_ids) AS movie_id
"""
COVERED = """
SELECT movies_observed, movies_expected, coverage
FROM tmdb_analytics.catalogue_days WHERE snapshot_date = @to_date
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One size. Seconds are wall time but for cpu_s; memory is in MiB, at its peak."""

    movies: int
    days: int
    export_mb: float
    details: int
    export_cpu_s: float
    ingested_s: float
    function_mib: float
    computed_days: int
    metrics_s: float
    metrics_cpu_s: float
    database_mib: float
    coverage: float


def main() -> None:
    """Measure every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, nargs="*", default=SIZES)
    parser.add_argument("--days", type=int, default=9, help="of history, today's too")
    parser.add_argument(
        "--catch-up", action="store_true", help="compute all days, not only today"
    )
    parser.add_argument("--json", type=Path, help="write the results here too")
    arguments = parser.parse_args()
    console = open_console(width=140)
    results = []
    for movies in arguments.movies:
        with console.status(f"{movies:,} movies, {arguments.days} days"):
            results.append(measure(movies, arguments.days, arguments.catch_up))
        show(console, results[-1:])
    show(console, results)
    if arguments.json:
        text = json.dumps([asdict(result) for result in results], indent=1)
        arguments.json.write_text(f"{text}\n")


def measure(movies: int, days: int, is_catch_up: bool) -> Result:  # noqa: FBT001
    """Ingest the exports of some days, and compute the newest one's metrics, or all."""
    today = datetime.now(UTC).date()
    first = today - timedelta(days=days - 1) if is_catch_up else today
    with (
        tempfile.TemporaryDirectory() as folder,
        BigQueryEmulator(Path(folder), project=PROJECT) as emulator,
        connect(emulator.url) as client,
        exports(movies) as (url, export_mb),
    ):
        create_tables(client)
        create_views(client)
        began = time.monotonic()
        ingested = _ingest(url, emulator.url, today, days)
        ingested_s = time.monotonic() - began
        client.query_and_wait(DETAILS)
        began, cpu_before_s = time.monotonic(), cpu_s(emulator.pid)
        for statement in sql_files.daily():
            run(client, sql_scripts.alone(statement), from_date=first, to_date=today)
        metrics_s = time.monotonic() - began
        metrics_cpu_s = cpu_s(emulator.pid) - cpu_before_s
        [(observed, expected, coverage)] = run(client, COVERED, to_date=today)
        if observed != movies:
            raise RuntimeError(f"{observed} of {movies} movies have a popularity")
        return Result(
            movies=movies,
            days=days,
            export_mb=export_mb,
            details=expected,
            export_cpu_s=ingested["cpu_s"] / (days + 1),
            ingested_s=ingested_s,
            function_mib=ingested["peak_mib"],
            computed_days=(today - first).days + 1,
            metrics_s=metrics_s,
            metrics_cpu_s=metrics_cpu_s,
            database_mib=peak_mib(emulator.pid),
            coverage=coverage,
        )


def cpu_s(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = map(int, after_name[11:13])
    return (user + system) / os.sysconf("SC_CLK_TCK")


def _ingest(url: str, bigquery_url: str, today: date, days: int) -> dict[str, float]:
    command = [
        *(sys.executable, "-m", "benchmarks.ingest_everything", url, bigquery_url),
        *(today.isoformat(), str(days), str(DETAILS_PER_DAY)),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603 - our own
    printed: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return printed


@contextmanager
def exports(movies: int) -> Iterator[tuple[str, float]]:
    """Serve one generated export for every day; its address, and its MB."""
    content = gzip.compress("".join(lines(movies)).encode(), compresslevel=5)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = content if self.path.endswith(".gz") else b"{}"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", len(content) / 1e6
    finally:
        server.shutdown()
        server.server_close()


def lines(movies: int) -> Iterator[str]:
    """Yield the lines of an export: popularity falls as 1 / rank, as TMDB's does."""
    draw = Random(movies)
    for movie_id in range(1, movies + 1):
        popularity = round(4_000 / movie_id + 0.6 * draw.random(), 4)
        yield (
            f'{{"adult":false,"id":{movie_id},"original_title":"The film {movie_id}",'
            f'"popularity":{popularity},"video":false}}\n'
        )


def show(console: Console, results: list[Result]) -> None:
    """Print the table."""
    table = Table(title="Every movie tracked: a first day and its history")
    for name in (
        *("movies", "export MB", "exports", "details", "CPU s an export"),
        *("ingested s", "function MiB", "days computed", "metrics s", "CPU s"),
        *("database MiB", "coverage"),
    ):
        table.add_column(name, justify="right")
    for one in results:
        table.add_row(
            *(f"{one.movies:,}", f"{one.export_mb:.1f}", f"{one.days}"),
            *(f"{one.details:,}", f"{one.export_cpu_s:.1f}", f"{one.ingested_s:.0f}"),
            *(f"{one.function_mib:.0f}", f"{one.computed_days}"),
            *(f"{one.metrics_s:.1f}", f"{one.metrics_cpu_s:.1f}"),
            *(f"{one.database_mib:,.0f}", f"{one.coverage:.0%}"),
        )
    console.print(table)


if __name__ == "__main__":
    main()
