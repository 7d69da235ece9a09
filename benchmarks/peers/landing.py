"""What every client has to fetch, where its rows go, and what it reports.

Standard library only, as clients run in virtual environments of their own.
"""

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 20
"""Connections at once that a client may have: TMDB allows 20 per IP."""
RETRY_S = 60.0
"""How long a client that can be told so tries one request again."""
MOVIES_PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Task:
    """One load: `movies` of the list at `url`, at most `rate` requests a second.

    url: the API, ending in its version. rate: 0 for no limit of the client's own.
    out: a database that may hold rows of an earlier call. limited: only of dlt, which
    has no rate limit of its own: give it one.
    """

    url: str
    token: str
    rate: float
    movies: int
    out: Path
    limited: bool

    @property
    def pages(self) -> int:
        """Number of pages that list the movies."""
        return -(-self.movies // MOVIES_PER_PAGE)


def run(load: Callable[[Task], int]) -> None:
    """Run a client: `load` returns the rows that its destination holds at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--movies", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limited", action="store_true")
    task = Task(**vars(parser.parse_args()))
    began = time.monotonic()
    landed, failure = 0, ""
    try:
        landed = load(task)
    except Exception as error:  # noqa: BLE001 - how a client fails is a result
        failure = type(error).__name__
        print(str(error)[-2_000:], file=sys.stderr)
    report = {
        "landed": landed,
        "seconds": time.monotonic() - began,
        "failure": failure,
        "peak_mib": peak_mib("self"),
    }
    print(json.dumps(report))


def peak_mib(pid: int | str) -> float:
    """Return the most memory that a process has had, in MiB.

    Not from its resource usage, which counts what its parent had before it began.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def store(out: Path, movies: Iterable[tuple[int, str]]) -> int:
    """Insert or replace movies, id and JSON; return how many the database holds."""
    with closing(sqlite3.connect(out)) as database, database:
        database.execute(
            "CREATE TABLE IF NOT EXISTS movies (id INTEGER PRIMARY KEY, body TEXT)"
        )
        database.executemany("INSERT OR REPLACE INTO movies VALUES (?, ?)", movies)
        [count] = database.execute("SELECT COUNT(*) FROM movies").fetchone()
    return int(count)
