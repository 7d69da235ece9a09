"""chart: show what a list showed at a moment, and how often it was published again."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.environment import Deployment, open_deployment
from cli.errors import Exit, OperatorError
from cli.options import AsOf, Json, On, Selector
from local import table_layout
from local.console import open_console
from local.table_layout import Layout, Row, number, text
from shared import sql_files

type Rows = list[dict[str, Any]]

DAYS_KEPT = 180
_QUERIES = sql_files.of_folder("queries")
AS_OF, VINTAGES = _QUERIES["chart_as_of"], _QUERIES["chart_vintages"]


class ListName(StrEnum):
    """The lists that sql/gate/record.sql keeps."""

    CHART = "chart"
    GAINING = "gaining"
    DECLINING = "declining"
    VIRAL = "viral"
    EMERGING = "emerging"
    BREAKOUTS = "breakouts"


_NUMBERS = {
    ListName.CHART: ("popularity_wow_pct_change", "viral_coefficient"),
    ListName.GAINING: ("popularity_wow_pct_change", "viral_coefficient"),
    ListName.DECLINING: ("popularity_wow_pct_change", "viral_coefficient"),
    ListName.VIRAL: ("viral_coefficient", "vote_velocity_7d"),
    ListName.EMERGING: ("vote_acceleration_7d", "vote_velocity_7d"),
    ListName.BREAKOUTS: ("surge", "viral_coefficient"),
}
"""The columns beside popularity."""
_HEADINGS = {
    "popularity": "popularity",
    "popularity_wow_pct_change": "week %",
    "viral_coefficient": "score",
    "vote_velocity_7d": "votes a day",
    "vote_acceleration_7d": "more a week",
    "surge": "surge",
}
VINTAGES_SHOWN = Layout(
    (
        number("vintage"),
        text("published (UTC)"),
        *map(number, ("movies", "new", "gone", "moved")),
        text("by"),
    ),
    has_box=False,
)


@dataclass(frozen=True, slots=True)
class Question:
    """Which list is asked for, of which day (None: the newest), as of which moment."""

    list_name: ListName
    on: date | None
    as_of: datetime

    def as_of_rows(self, deployment: Deployment) -> Rows:
        """Return the list as it was shown; no rows if none was."""
        # Simulated days are past: no list is of a day after the newest.
        last = self.on or min(self.as_of.date(), deployment.today)
        first = self.on or last - timedelta(days=DAYS_KEPT)
        return self._own(
            deployment.tables.select(
                AS_OF, from_date=first, to_date=last, as_of=self.as_of
            )
        )

    def vintages(self, deployment: Deployment, on: date) -> Rows:
        """Return the vintages of a day's list, those after the moment too."""
        return self._own(deployment.tables.select(VINTAGES, from_date=on, to_date=on))

    def _own(self, rows: Rows) -> Rows:
        return [row for row in rows if row["list_name"] == self.list_name]


def chart(
    selector: Selector,
    *,
    as_of: AsOf = None,
    on: On = None,
    list_name: Annotated[
        ListName, typer.Option("--list", help="Which list.")
    ] = ListName.CHART,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of rows.")] = 20,
    vintages: Annotated[
        bool,
        typer.Option(
            "--vintages", help="List when it was published, and what changed."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what a list showed at a moment: its movies, places and numbers.

    If late batches or a backfill change a day's list, it gets a new vintage. Earlier
    vintages are kept for 180 days.

    $ tmdb-traction chart --as-of 2026-03-05
    $ tmdb-traction chart --day 2026-03-04 --list viral --vintages
    """
    question = Question(list_name, on, as_of or datetime.now(UTC))
    with open_deployment(selector) as deployment:
        rows = question.as_of_rows(deployment)
        of_day = rows[0]["snapshot_date"] if on is None and rows else on
        known = question.vintages(deployment, of_day) if of_day else []
        if not (known if vintages else rows):
            raise _not_shown(deployment, question, known)
    if as_json:
        found = known if vintages else rows[:limit]
        print(json.dumps(found, default=str))
    elif vintages:
        _show_vintages(open_console(), known)
    else:
        _show(open_console(), question, rows, known, limit)


def _not_shown(
    deployment: Deployment, question: Question, known: Rows
) -> OperatorError:
    """Return why there is no list: withheld, published later, or never recorded."""
    which, when = f"list {question.list_name}", f"{question.as_of:%Y-%m-%d %H:%M} UTC"
    if known and known[0]["published_at"] <= question.as_of:
        of_day = known[0]["snapshot_date"]
        return OperatorError(
            Exit.NOT_FOUND,
            f"{which} of {of_day} was withheld at {when}",
            f"tmdb-traction chart --day {of_day} --list {question.list_name} "
            "--vintages lists what was published of it",
        )
    if known:
        return OperatorError(
            Exit.NOT_FOUND,
            f"{which} of {known[0]['snapshot_date']} was first published at "
            f"{known[0]['published_at']:%Y-%m-%d %H:%M} UTC, after {when}",
            "name a later moment with --as-of",
        )
    of_day = f" of {question.on}" if question.on else ""
    return OperatorError(
        Exit.NOT_FOUND,
        f"{deployment.name} has recorded no {which}{of_day} up to {when}",
        "docs/concepts/history.md says from when on lists are recorded",
    )


def _show(
    console: Console, question: Question, rows: Rows, known: Rows, limit: int
) -> None:
    """Print the list, its vintage, and whether there is a later one."""
    first, name = rows[0], question.list_name
    console.print(
        f"{name} of {first['snapshot_date']}, vintage {first['vintage']} of "
        f"{len(known)}\n"
        f"published {first['published_at']:%Y-%m-%d %H:%M:%S} UTC by {first['run_id']}"
    )
    if first["movie_id"] is None:
        console.print("the list was empty")
        return
    columns = ("popularity", *_NUMBERS[name])
    table_layout.show(
        console,
        layout_of(name),
        (
            Row(
                (
                    str(row["rank"]),
                    row["title"] or f"movie {row['movie_id']}",
                    *(_number(row[column]) for column in columns),
                )
            )
            for row in rows[:limit]
        ),
    )
    if len(rows) > limit:
        console.print(f"{limit} of {len(rows)} rows: write --limit {len(rows)}")


def layout_of(name: ListName) -> Layout:
    """Return the columns of a list's table."""
    columns = ("popularity", *_NUMBERS[name])
    return Layout(
        (
            number("#"),
            text("movie", is_short=True),
            *(number(_HEADINGS[column]) for column in columns),
        ),
        has_box=False,
    )


def _show_vintages(console: Console, known: Rows) -> None:
    first = known[0]
    table_layout.show(
        console,
        VINTAGES_SHOWN,
        (
            Row(
                (
                    str(row["vintage"]),
                    f"{row['published_at']:%Y-%m-%d %H:%M:%S}",
                    str(row["movies"]),
                    *(
                        "" if row[name] is None else str(row[name])
                        for name in ("entered", "gone", "moved")
                    ),
                    row["run_id"],
                )
            )
            for row in known
        ),
        title=f"Vintages of {first['list_name']}, {first['snapshot_date']}",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
