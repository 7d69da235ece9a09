"""python -m benchmarks.metrics.real_events SERIES EVENTS: scores around real events.

A CSV of snapshots as of real_series.py and one of events (tmdb_id, event, from_date,
before: how many snapshots the movie has before it) in; the score of each day around
each event out, by the SQL of sql/. Whoever picked the events had seen the series, so
they show what the score says of single movies, never how often it is right. The table
has no data of TMDB's: kinds of events, their days, and our scores.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from benchmarks.metrics import real_series
from benchmarks.metrics.simulators.simulation import Simulation
from benchmarks.metrics.statements import Metrics, bench
from local.console import open_console

LEAST_DAYS_BEFORE = 3
FIRST_OFFSET, LAST_OFFSET = -3, 5
"""Days from the event's first day on that the table has."""
UNOBSERVED, UNSCORED, ALARM = "", "-", "!"


@dataclass(frozen=True, slots=True)
class Scored:
    """What the score said around an event: a cell for each day of the table."""

    kind: str
    began_on: date
    days_before: int
    cells: list[str]


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", type=Path)
    parser.add_argument("events", type=Path)
    given = parser.parse_args()
    events = pd.read_csv(given.events, parse_dates=["from_date"])
    series = real_series.read(given.series)
    with bench() as emulated:
        metrics, _ = emulated.compute(series, whole=True)
    console = open_console()
    rows = list(around(series, metrics, events))
    console.print(_table(rows))
    console.print(f"{len(rows)} of {len(events)} events")


def around(
    series: Simulation, metrics: Metrics, events: pd.DataFrame
) -> Iterator[Scored]:
    """Yield the scores around each event with enough snapshots before it."""
    known = events[events["before"] >= LEAST_DAYS_BEFORE]
    for event in known.sort_values(["from_date", "tmdb_id"]).to_dict("records"):
        began_on: date = event["from_date"].date()
        movie = series.movie_id.tolist().index(event["tmdb_id"])
        first = (began_on - series.first_day).days
        yield Scored(
            kind=event["event"],
            began_on=began_on,
            days_before=int(series.observed[movie, :first].sum()),
            cells=[
                _cell(series, metrics, movie, first + offset)
                for offset in range(FIRST_OFFSET, LAST_OFFSET + 1)
            ],
        )


def _cell(series: Simulation, metrics: Metrics, movie: int, day: int) -> str:
    """Return the viral coefficient, cut as the page does; marked where it alarms."""
    is_inside = 0 <= day < series.observed.shape[1]
    if not is_inside or not series.observed[movie, day]:
        return UNOBSERVED
    score = metrics.number("viral_coefficient")[movie, day]
    if np.isnan(score):
        return UNSCORED
    is_alarm = metrics.grids["is_breakout_alarm"][movie, day]
    return f"{int(score)}{ALARM if is_alarm else ''}"


def _table(rows: list[Scored]) -> Table:
    table = Table(box=box.MARKDOWN)
    table.add_column("event")
    for name in (
        "from",
        "days before",
        *(f"{offset:+d}" for offset in range(FIRST_OFFSET, LAST_OFFSET + 1)),
    ):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row.kind, f"{row.began_on}", str(row.days_before), *row.cells)
    return table


if __name__ == "__main__":
    main()
