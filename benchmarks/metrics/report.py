"""Measures of every seed in, tables out: mean and standard deviation over the seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from rich import box
from rich.table import Table

from benchmarks.metrics.computed import OURS, PREDECESSOR, Cell, Measures


@dataclass(frozen=True, slots=True)
class Layout:
    """One table: its title, and for each column (measure, heading, decimals)."""

    title: str
    columns: tuple[tuple[str, str, int], ...]


LAYOUTS: Mapping[str, Layout] = {
    "simulated": Layout("What was simulated", (("number", "per seed", 1),)),
    "ranking": Layout(
        "Ranking of each day",
        (
            ("average_precision", "AP", 3),
            ("average_precision_clear", "AP, neutral out", 3),
            ("precision", "P@20", 3),
            ("recall", "R@20", 3),
            ("ceiling", "best P@20", 3),
            ("same_top", "top 20 kept to next day", 3),
        ),
    ),
    "detection": Layout(
        "Events found within 10 days, thresholds of the dev seeds",
        (
            ("false_alarms", "false alarms /1,000", 2),
            ("all", "all", 3),
            ("all_3d", "all, 3 days", 3),
            ("delay", "mean delay (miss = 11)", 1),
            ("breakouts", "breakouts", 3),
            ("breakouts_3d", "breakouts, 3 days", 3),
            ("median_delay", "median delay, found", 1),
            ("small", "small lift", 3),
            ("medium", "medium", 3),
            ("large", "large", 3),
            ("small_base", "small base", 3),
            ("release", "release", 3),
            ("digital", "digital", 3),
            ("trailer", "trailer", 3),
        ),
    ),
    "rules": Layout(
        "Rules as shipped",
        (
            ("false_alarms", "false alarms /1,000", 2),
            ("precision", "precision", 3),
            ("all", "events found", 3),
            ("delay", "mean delay (miss = 11)", 1),
            ("per_1000", "calls /1,000", 1),
        ),
    ),
    "gaps": Layout(
        "With 20 % of the rows missing",
        (
            ("average_precision", "AP", 3),
            ("false_alarms", "false alarms /1,000", 2),
            ("all", "events found", 3),
            ("top_overlap", "top 20 as with all rows", 3),
        ),
    ),
    "rescaling": Layout(
        "False alarms /1,000 in the 14 days after popularity is re-scaled",
        (("as it is", "as it is", 2), ("x1.7", "x 1.7", 2), ("x0.6", "x 0.6", 2)),
    ),
    "regimes": Layout(
        "False alarms /1,000 by regime",
        (
            ("share", "share of quiet days", 4),
            ("alarm", "is_breakout_alarm", 2),
            ("confirmed", "is_breakout_confirmed", 2),
            ("predecessor", "predecessor viral >= 40", 2),
        ),
    ),
    "momentum": Layout(
        "Momentum classes",
        (
            ("not_stable", "quiet days not Stable", 4),
            ("changes", "changes a quiet day", 4),
            ("f1", "macro F1", 3),
            ("f1_up", "F1 up", 3),
            ("f1_calm", "F1 calm", 3),
            ("f1_down", "F1 down", 3),
        ),
    ),
    "outlook": Layout(
        "Outlook of 7 days",
        (
            ("share", "share", 3),
            ("told", "told", 3),
            ("coverage", "coverage of 80 %", 3),
            ("width", "high / low", 2),
            ("error", "median error", 3),
            ("error_as_today", "as today", 3),
            ("mean_error_ratio", "mean error / as today", 3),
        ),
    ),
}

PAIRED = (
    Cell("ranking", "", "average_precision"),
    Cell("ranking", "", "precision"),
    Cell("ranking", "", "recall"),
    Cell("detection", "", "all"),
    Cell("detection", "", "all_3d"),
    Cell("detection", "", "small"),
    Cell("detection", "", "release"),
    Cell("gaps", "", "average_precision"),
)


def tables(seeds: Sequence[Measures], *, markdown: bool = False) -> list[Table]:
    """Lay the measures out; every table, every row, every column."""
    found = [_table(name, seeds) for name in LAYOUTS] + [_paired(seeds)]
    for table in found:
        table.box = box.MARKDOWN if markdown else table.box
    return found


def spread(seeds: Sequence[Measures], cell: Cell) -> tuple[float, float]:
    """Return a measure's mean and standard deviation over the seeds that have it."""
    values = [seed[cell] for seed in seeds if np.isfinite(seed.get(cell, np.nan))]
    if not values:
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=min(1, len(values) - 1)))


def differences(seeds: Sequence[Measures], cell: Cell) -> list[float]:
    """Return ours less the predecessor's, seed by seed."""
    return [
        seed[cell._replace(row=OURS)] - seed[cell._replace(row=PREDECESSOR)]
        for seed in seeds
    ]


def _table(name: str, seeds: Sequence[Measures]) -> Table:
    layout = LAYOUTS[name]
    table = Table(title=layout.title, title_justify="left")
    table.add_column("")
    for _, heading, _ in layout.columns:
        table.add_column(heading, justify="right")
    rows = dict.fromkeys(
        cell.row for seed in seeds for cell in seed if cell.table == name
    )
    for row in rows:
        cells = [
            _shown(*spread(seeds, Cell(name, row, column)), decimals)
            for column, _, decimals in layout.columns
        ]
        table.add_row(row, *cells)
    return table


def _paired(seeds: Sequence[Measures]) -> Table:
    table = Table(
        title="Ours less the predecessor's, seed by seed", title_justify="left"
    )
    table.add_column("")
    for heading in ("mean", "least"):
        table.add_column(heading, justify="right")
    for cell in PAIRED:
        found = differences(seeds, cell)
        headings = {column: head for column, head, _ in LAYOUTS[cell.table].columns}
        deviation = float(np.std(found, ddof=min(1, len(found) - 1)))
        table.add_row(
            f"{LAYOUTS[cell.table].title}: {headings[cell.column]}",
            _shown(float(np.mean(found)), deviation, 3),
            f"{min(found):.3f}",
        )
    return table


def _shown(mean: float, deviation: float, decimals: int) -> str:
    if not np.isfinite(mean):
        return "-"
    return f"{mean:.{decimals}f} ±{deviation:.{decimals}f}"
