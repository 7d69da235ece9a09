"""Print tables of every measure: mean and standard deviation over the seeds."""

from collections.abc import Sequence

import numpy as np
from rich import box
from rich.table import Table

from benchmarks.metrics.computed import METHODS, Cell, Measures
from benchmarks.metrics.simulators import SIMULATORS

_ALARM = ("false per 1,000", "found in 10 days", "found in 3 days", "precision")
_OUTLOOK = (
    "share",
    "given",
    "coverage",
    "width",
    "error",
    "error_as_today",
    "mean_error_ratio",
)


def tables(seeds: Sequence[Measures], *, markdown: bool = False) -> list[Table]:
    """Lay the measures out: three tables of each simulator."""
    found = []
    for simulator in SIMULATORS:
        title = f"Simulator {simulator}"
        found += [
            _table(seeds, simulator, title, METHODS),
            _table(seeds, f"{simulator} alarm", f"{title}: alarm from surge", _ALARM),
            _table(seeds, f"{simulator} outlook", f"{title}: outlook", _OUTLOOK),
        ]
    for table in found:
        table.box = box.MARKDOWN if markdown else table.box
    return found


def spread(seeds: Sequence[Measures], cell: Cell) -> tuple[float, float]:
    """Return a measure's mean and standard deviation over the seeds that have it."""
    values = [seed[cell] for seed in seeds if np.isfinite(seed.get(cell, np.nan))]
    if not values:
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=min(1, len(values) - 1)))


def _table(
    seeds: Sequence[Measures], name: str, title: str, columns: Sequence[str]
) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
    rows = dict.fromkeys(
        cell.row for seed in seeds for cell in seed if cell.table == name
    )
    for row in rows:
        cells = (spread(seeds, Cell(name, row, column)) for column in columns)
        table.add_row(row, *(_shown(*cell) for cell in cells))
    return table


def _shown(mean: float, deviation: float) -> str:
    """Show three digits of what is below 1, two decimals of the rest."""
    if not np.isfinite(mean):
        return "-"
    decimals = 3 if abs(mean) < 1 else 2
    return f"{mean:.{decimals}f} ±{deviation:.{decimals}f}"
