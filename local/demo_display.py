"""Print the demo's tables and links."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from local import table_layout
from local.archives import ROOT
from local.table_layout import Column, Layout, Row, number, text

if TYPE_CHECKING:  # Google's libraries take seconds to import
    from google.cloud import bigquery

    from local.run_states import RunState
    from shared.runs import Run

RUNS = Layout(
    (
        text("run"),
        *map(number, ("expected", "fetched", "gone", "failed", "secs")),
        Column("state"),
    )
)
POPULAR = Layout(
    (
        text("title", is_short=True),
        *map(number, ("popularity", "votes")),
        Column("released"),
    )
)
GAINING = Layout(
    (
        number("rank"),
        text("title", is_short=True),
        *map(number, ("popularity", "week pct")),
        Column("momentum"),
    )
)
TRENDING = Layout(
    (
        number("rank"),
        text("title", is_short=True),
        *map(number, ("viral", "votes a day")),
        Column("category"),
    )
)

ATTRIBUTION = (
    "This product uses TMDB and the TMDB APIs but is not endorsed, certified, or "
    "otherwise approved by TMDB."
)
"""Source: https://www.themoviedb.org/api-terms-of-use, section 3."""


def show_runs(console: Console, states: Sequence["RunState"]) -> None:
    """Print the run table."""
    rows = [
        Row(
            (
                state["run_id"],
                *(f"{state[name]:,}" for name in ("expected", "fetched")),
                *(f"{state[name]:,}" for name in ("not_found", "failed")),
                f"{state['seconds']:.1f}",
                state["state"].lower(),
            )
        )
        for state in states
    ]
    table_layout.show(console, RUNS, rows, title="Runs")


def done_in_words(state: "RunState", seconds: float) -> str:
    """Return the line of a published run and how long it took."""
    return (
        f"{state['run_id']}: {state['fetched']:,} of {state['expected']:,} "
        f"fetched, published after {seconds:.1f} s"
    )


def show_first_movies(console: Console, client: "bigquery.Client", run: "Run") -> None:
    """Print the most popular of the movies that a load has just fetched."""
    _chart(
        console,
        client,
        "Fetched, the most popular first",
        POPULAR,
        "SELECT title, popularity, vote_count, release_date "
        "FROM tmdb_analytics.movie_details_raw "
        f"WHERE run_id = '{run.run_id}' AND run_date = '{run.run_date}' "
        # A batch that was delivered twice has each of its movies twice.
        "QUALIFY "
        "ROW_NUMBER() OVER (PARTITION BY movie_id ORDER BY fetched_at DESC) = 1 "
        "ORDER BY popularity DESC LIMIT 5",
    )


def show_charts(console: Console, client: "bigquery.Client") -> None:
    """Print the top gainers and the top viral movies of the newest day."""
    _chart(
        console,
        client,
        "Gaining traction: popularity against 7 days ago",
        GAINING,
        "SELECT gaining_rank, title, current_popularity, "
        "weekly_pct_change, momentum_status "
        "FROM tmdb_analytics.v_top_gaining_movies ORDER BY gaining_rank LIMIT 10",
    )
    _chart(
        console,
        client,
        "Becoming trending topics: viral coefficient, 0 to 100",
        TRENDING,
        "SELECT viral_rank, title, viral_coefficient, "
        "avg_daily_votes, virality_category "
        "FROM tmdb_analytics.v_top_viral_movies ORDER BY viral_rank LIMIT 10",
    )


def show_next_steps(
    console: Console, data: Path, seconds: float, *, is_real: bool
) -> None:
    """Print what to run or read next."""
    logs = data / "logs"
    logs = logs.relative_to(ROOT) if logs.is_relative_to(ROOT) else logs
    console.print(
        f"\nDone in {seconds:.0f} s. Next:\n"
        "  make demo                    the next days, from where this ended\n"
        "  make demo-clean              delete them\n"
        "  make local                   run the same stack, to load and watch by hand\n"
        "  source .venv/bin/activate    once in a terminal, for the next four\n"
        '  tmdb-traction explain "..."  how the score of a title is computed\n'
        "  tmdb-traction chart          a list as it was shown at any moment\n"
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


def _chart(
    console: Console, client: "bigquery.Client", title: str, layout: Layout, sql: str
) -> None:
    found = client.query_and_wait(sql)
    show_rows(console, title, layout, [row.values() for row in found])


def show_rows(
    console: Console, title: str, layout: Layout, rows: Sequence[Sequence[object]]
) -> None:
    """Print the rows of a query as a table."""
    cells = [Row([*map(_cell, row)]) for row in rows]
    table_layout.show(console, layout, cells, title=title)
    if not rows:
        console.print("  nothing yet: a week of history is needed")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}" if isinstance(value, float) else str(value)
