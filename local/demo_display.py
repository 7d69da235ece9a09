"""Print the demo's progress, tables and links.

On a terminal it shows a live bar per run; elsewhere one plain line per finished run.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from google.cloud import bigquery
from rich import progress as bars
from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.archives import ROOT
from local.run_progress import Status

type Justify = Literal["left", "right"]

ATTRIBUTION = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or "
    "otherwise approved by TMDB."
)
"""Source: https://www.themoviedb.org/api-terms-of-use, section 3."""


class Progress:
    """Progress of runs, on a terminal as bars, elsewhere as lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bars = bars.Progress(
            bars.SpinnerColumn("line"),
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.TextColumn("{task.completed:.0f}/{task.total:.0f} batches"),
            bars.TextColumn("{task.fields[state]}", markup=False),
            bars.TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._tasks: dict[str, bars.TaskID] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the live display; what was printed stays."""
        self._bars.stop()

    def say(self, text: str) -> None:
        """Print what is being done."""
        self._console.print(Text.assemble((text, "bold"), " ..."))

    def done(self, text: str) -> None:
        """Print that it is done."""
        self._console.print(Text.assemble("  ", ("✓", "green"), f" {text}"))

    def begin(self, run_ids: Sequence[str]) -> None:
        """Show a bar for each run."""
        self._began = time.monotonic()
        for run_id in run_ids:
            task = self._bars.add_task(run_id, total=1, state="waiting")
            self._tasks[run_id] = task

    def update(self, states: Sequence[Status]) -> None:
        """Move the bars."""
        for state in states:
            total = state["batches_total"]
            is_fetched = total and state["batches_done"] >= total
            self._bars.update(
                self._tasks[state["run_id"]],
                total=total,
                completed=state["batches_done"],
                state="computing metrics" if is_fetched else "fetching",
            )

    def finish(self, states: Sequence[Status]) -> None:
        """Replace the bars by a line for each run."""
        seconds = time.monotonic() - self._began
        for state in states:
            self._bars.remove_task(self._tasks.pop(state["run_id"]))
            self.done(
                f"{state['run_id']}: {state['fetched']:,} of {state['expected']:,} "
                f"fetched, published after {seconds:.1f} s"
            )


def show_runs(console: Console, states: Sequence[Status]) -> None:
    """Print the run table."""
    table = Table(title="Runs", title_justify="left")
    table.add_column("run", no_wrap=True)
    for column in ("expected", "fetched", "gone", "failed", "secs"):
        table.add_column(column, justify="right")
    table.add_column("state", no_wrap=True)
    for state in states:
        table.add_row(
            state["run_id"],
            *(f"{state[name]:,}" for name in ("expected", "fetched")),
            *(f"{state[name]:,}" for name in ("not_found", "failed")),
            f"{state['seconds']:.1f}",
            state["state"].lower(),
        )
    console.print(table)


def show_charts(console: Console, client: bigquery.Client) -> None:
    """Print the top gainers and the top viral movies of the newest day."""
    _chart(
        console,
        client,
        "Gaining traction: popularity against 7 days ago",
        "SELECT gaining_rank AS rank, title, current_popularity AS popularity, "
        "weekly_pct_change AS week_pct, momentum_status AS momentum "
        "FROM tmdb_analytics.v_top_gaining_movies ORDER BY gaining_rank LIMIT 10",
    )
    _chart(
        console,
        client,
        "Becoming trending topics: viral coefficient, 0 to 100",
        "SELECT viral_rank AS rank, title, viral_coefficient AS viral, "
        "avg_daily_votes AS votes_a_day, virality_category AS category "
        "FROM tmdb_analytics.v_top_viral_movies ORDER BY viral_rank LIMIT 10",
    )


def show_next_steps(
    console: Console, data: Path, seconds: float, *, is_real: bool
) -> None:
    """Print where to go from here."""
    logs = data / "logs"
    logs = logs.relative_to(ROOT) if logs.is_relative_to(ROOT) else logs
    console.print(
        f"\nDone in {seconds:.0f} s. Next:\n"
        "  make demo                    the next days, from where this ended\n"
        "  make demo-clean              delete them\n"
        "  make local                   keep it all up, to load and watch by hand\n"
        "  source .venv/bin/activate    once in a terminal, for the next three\n"
        '  tmdb-traction explain "..."  how a title above gets its score\n'
        "  tmdb-traction status         the state of the runs\n"
        "  tmdb-traction --help         validate, export, cost and more\n"
        f"  ls {logs}\n"
        "                               what the functions logged, as JSON lines\n"
        "  docs/concepts/metrics.md     what each number means\n"
        "  sql/README.md                every table and view\n",
        soft_wrap=True,
    )
    if is_real:
        console.print(ATTRIBUTION)
    else:
        console.print("All movies and numbers above are simulated.")


def _chart(console: Console, client: bigquery.Client, title: str, sql: str) -> None:
    found = client.query_and_wait(sql)
    columns: dict[str, Justify] = {
        column.name: "left" if column.field_type == "STRING" else "right"
        for column in found.schema
    }
    show_rows(console, title, columns, [row.values() for row in found])


def show_rows(
    console: Console,
    title: str,
    columns: Mapping[str, Justify],
    rows: Sequence[Sequence[object]],
) -> None:
    """Print a table of what a query has found."""
    table = Table(title=title, title_justify="left")
    for name, justify in columns.items():
        table.add_column(name.replace("_", " "), justify=justify, no_wrap=True)
    for row in rows:
        table.add_row(*map(_cell, row))
    console.print(table)
    if not table.row_count:
        console.print("  nothing yet: a week of history is needed")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
