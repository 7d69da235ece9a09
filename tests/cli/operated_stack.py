"""`make local` on a folder, in the states that an operator's day goes through."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from google.cloud import bigquery
from typer.testing import CliRunner, Result

from cli.__main__ import app
from cli.costs import assumptions
from cli.errors import Exit
from local.endpoints import Endpoints
from local.tables import PROJECT, connect

ROOT = Path(__file__).parents[2]
MOVIES, HISTORY_DAYS = 60, 4
INITIAL, HISTORY = "initial-2026-06-01", "history-2026-06-01"
UP_S, PUBLISHED_S = 60.0, 90.0

WIDTHS = {"BOOLEAN": 1, "DATE": 8, "FLOAT": 8, "INTEGER": 8}
"""Column type -> bytes, for columns with a value in every row."""

type Ask = Callable[..., Result]


class Served:
    """`make local` on a folder; it can be ended and started again."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start it, and wait until it is up."""
        command = [sys.executable, "-m", "local.serve", f"--data={self.data}"]
        command += [f"--movies={MOVIES}", f"--history={HISTORY_DAYS}"]
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
        )
        give_up_at = time.monotonic() + UP_S
        while not Endpoints.read(self.data) and time.monotonic() < give_up_at:
            assert self._process.poll() is None
            time.sleep(0.1)

    def end(self) -> int:
        """End it as Ctrl-C does; return its exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(30)

    @property
    def endpoints(self) -> Endpoints:
        """Its addresses."""
        found = Endpoints.read(self.data)
        assert found
        return found

    def set_today(self, day: str) -> None:
        """Set the day of the simulated TMDB."""
        url = urlsplit(self.endpoints.simulator)
        connection = HTTPConnection(url.hostname or "", url.port)
        connection.request("POST", "/_sim/state", json.dumps({"today": day}))
        assert connection.getresponse().status == 200
        connection.close()

    def ask(self, *words: str, answer: str | None = None) -> Result:
        """Run a command on it."""
        return CliRunner().invoke(
            app, [*words, f"--data={self.data}"], input=answer, env={"COLUMNS": "120"}
        )


def select_no_project() -> None:
    """Remove the variables that name a project."""
    for name in ("PROJECT", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
        os.environ.pop(name, None)


def json_of(result: Result) -> Any:
    """Return the JSON that a command printed."""
    assert "Traceback" not in result.output
    return json.loads(result.stdout)


def watch(ask: Ask, *words: str) -> list[dict[str, Any]]:
    """Watch without a terminal; return the last line of every run."""
    watched = ask("status", "--watch", *words)
    assert watched.exit_code == 0, watched.output
    lines = [json.loads(line) for line in watched.stdout.splitlines()]
    return list({line["run_id"]: line for line in lines}.values())


BEFORE_A_LOAD = (
    ("status",),
    ("status", "--watch"),
    ("status", INITIAL),
    ("validate",),
    ("cost",),
    ("backfill", "--from=2026-05-31"),
)
TOO_MANY = tuple((verb, f"--limit={MOVIES + 1}") for verb in ("plan", "load"))
NOT_STARTED = (("load", "--dry-run"), ("load",), ("load", "--json"))


def ask_before_a_load(served: Served) -> dict[tuple[str, ...], Result]:
    """Return the output of commands before the first load."""
    select_no_project()
    answers = {
        words: served.ask(*words) for words in (*BEFORE_A_LOAD, *TOO_MANY, *NOT_STARTED)
    }
    answers["load", "n"] = served.ask("load", answer="n\n")
    assert served.ask("status").exit_code == Exit.NOT_FOUND
    return answers


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded stack: the plan, the output and what is stored."""

    served: Served
    plan: dict[str, Any]
    output: str
    initial: dict[str, Any]
    history: dict[str, Any]
    rows: dict[str, int]
    """Table -> number of rows."""
    sizes: dict[str, float]
    """Table -> bytes per row."""


def load(served: Served) -> Loaded:
    """Load, watch until the end, and measure what is stored."""
    select_no_project()
    plan = json_of(served.ask("plan", "--json"))
    result = served.ask("load", answer="y\n")
    assert result.exit_code == 0, result.output
    initial, history = watch(served.ask, INITIAL, HISTORY)
    with connect(served.endpoints.bigquery) as client:
        tables = ("movies", "movie_details_raw", "tracked_movies", "batch_plan")
        rows = {name: len([*rows_of(client, name)]) for name in tables}
        # No rows: days without a finding of the checks, and Wikipedia, which is off.
        sizes = {
            name: _bytes_of_a_row(client, name)
            for name in assumptions.ROW_BYTES
            if name not in {"check_findings", "movie_articles", "movie_attention_daily"}
        }
    return Loaded(served, plan, result.output, initial, history, rows, sizes)


def rows_of(client: bigquery.Client, table: str) -> Any:
    return client.list_rows(f"{PROJECT}.tmdb_analytics.{table}")


def _bytes_of_a_row(client: bigquery.Client, table: str) -> float:
    """Return the mean bytes of a table's rows; if it is empty, those of its columns."""
    rows = rows_of(client, table)
    sizes = [sum(map(_bytes, row.values())) for row in rows]
    if not sizes:
        sizes = [sum(WIDTHS[column.field_type] for column in rows.schema)]
    return sum(sizes) / len(sizes)


def _bytes(value: Any) -> int:
    """Return a value's logical size: cloud.google.com/bigquery/pricing#data."""
    match value:
        case None:
            return 0
        case bool():
            return 1
        case str():
            return 2 + len(value.encode())
        case list():
            return sum(map(_bytes, value))
        case dict():
            return sum(map(_bytes, value.values()))
        case _:
            return 8


FIRST_DAYS = ("--from=2026-05-28", "--to=2026-06-01")


@dataclass(frozen=True, slots=True)
class Backfilled:
    """A backfill of one missing day: its plan, its output and its result."""

    planned: dict[str, Any]
    plan: str
    begun: Result
    run: dict[str, Any]


def backfill(served: Served) -> Backfilled:
    """Backfill the one missing day of FIRST_DAYS, and watch it."""
    select_no_project()
    ask = served.ask
    planned = json_of(ask("backfill", *FIRST_DAYS, "--dry-run", "--json"))
    plan = ask("plan", *FIRST_DAYS).output
    begun = ask("backfill", *FIRST_DAYS, "--yes")
    [run] = watch(ask, "history-2026-06-01-2026-05-28")
    return Backfilled(planned, plan, begun, run)
