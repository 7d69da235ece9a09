"""What each score calls, against the labels: rankings, alarms, thresholds."""

from collections.abc import Mapping

import numpy as np

from benchmarks.metrics import scoring
from benchmarks.metrics.computed import Cell, Computed, Measures
from benchmarks.metrics.simulators.simulation import Simulation
from emulators.tmdb.catalogue.plan import Flags, Floats

AFTER_DAYS = 14
_ENTRY_ROWS = 7
_BREAKOUTS = ("small", "medium", "large", "small_base")
_OTHERS = ("release", "digital", "trailer")
_SURGES = (2.0, 2.25, 2.5, 2.75, 3.0, 3.25, 3.5, 4.0, 4.5, 5.0)


def called(
    scores: Mapping[str, Floats], thresholds: Mapping[str, float]
) -> dict[str, Flags]:
    """Return what every score calls at its threshold; NaN calls nothing."""
    return {name: score >= thresholds[name] for name, score in scores.items()}


def ranked(
    table: str, simulation: Simulation, scores: Mapping[str, Floats]
) -> Measures:
    """Judge the order of each score."""
    measures: Measures = {}
    for name, score in scores.items():
        ranking = scoring.rank(simulation, score)
        rows = {
            "average precision": ranking.average_precision,
            "precision at 20": ranking.precision,
            "precision at 20, at best": ranking.ceiling,
            "top 20 kept next day": ranking.same_top,
        }
        measures |= {Cell(table, row, name): value for row, value in rows.items()}
    return measures


def detected(
    table: str, simulation: Simulation, alarms: Mapping[str, Flags]
) -> Measures:
    """Judge each score at its threshold."""
    measures: Measures = {}
    stuffed = scoring.quiet(simulation) & simulation.nuisances["votes stuffed"]
    entered = scoring.quiet(simulation) & _first_rows(simulation)
    for name, grid in alarms.items():
        found = scoring.detect(simulation, grid)
        rows = {
            "events found in 10 days": found.found(),
            "events found in 3 days": found.found(within=scoring.SOON_DAYS),
        }
        rows |= {
            f"found: {kind}": found.found(kind) for kind in (*_BREAKOUTS, *_OTHERS)
        }
        rows |= {
            "false alarms per 1,000": scoring.false_alarms_per_1000(simulation, grid),
            "stuffed days that alarm, %": _percent(grid, stuffed),
            "first 7 rows of an entry that alarm, %": _percent(grid, entered),
        }
        measures |= {Cell(table, row, name): value for row, value in rows.items()}
    return measures


def ruled(table: str, computed: Computed) -> Measures:
    """Judge the alarms as they are shipped."""
    measures: Measures = {}
    for name, alarms in computed.rules().items():
        rows = _verdict(computed.simulation, alarms)
        measures |= {
            Cell(table, f"shipped alarm: {row}", name): value
            for row, value in rows.items()
        }
    return measures


def with_gaps(table: str, gappy: Computed, thresholds: Mapping[str, float]) -> Measures:
    """Judge each score where rows are missing."""
    measures: Measures = {}
    scores = gappy.scores()
    for name, alarms in called(scores, thresholds).items():
        ranking = scoring.rank(gappy.simulation, scores[name])
        rows = {
            "average precision": ranking.average_precision,
            "false alarms per 1,000": scoring.false_alarms_per_1000(
                gappy.simulation, alarms
            ),
        }
        measures |= {
            Cell(table, f"20 % of rows missing: {row}", name): value
            for row, value in rows.items()
        }
    return measures


def rescaled(
    table: str, change: str, computed: Computed, thresholds: Mapping[str, float]
) -> Measures:
    """Count false alarms in the simulation's last 14 days."""
    calm = computed.simulation.labels.quiet & computed.simulation.observed
    after = np.s_[:, -AFTER_DAYS:]
    rows = {
        "false alarms per 1,000": called(computed.scores(), thresholds),
        "shipped alarm: false per 1,000": computed.rules(),
    }
    return {
        Cell(table, f"{row} after {change}", name): 1000
        * float(grid[after][calm[after]].mean())
        for row, alarms in rows.items()
        for name, grid in alarms.items()
    }


def thresholds_of_the_alarm(table: str, computed: Computed) -> Measures:
    """Judge the alarm from every surge on."""
    shipped = computed.shipped
    return {
        Cell(f"{table} alarm", f"{surge:.2f}", column): value
        for surge in _SURGES
        for column, value in _verdict(
            computed.simulation,
            (shipped.number("surge") >= surge) & shipped.grids["is_worth_an_alarm"],
        ).items()
    }


def _verdict(simulation: Simulation, alarms: Flags) -> dict[str, float]:
    found = scoring.detect(simulation, alarms)
    return {
        "false per 1,000": scoring.false_alarms_per_1000(simulation, alarms),
        "found in 10 days": found.found(),
        "found in 3 days": found.found(within=scoring.SOON_DAYS),
        "precision": scoring.alarm_precision(simulation, alarms),
    }


def _first_rows(simulation: Simulation) -> Flags:
    """Mark the first rows of the entries that are younger than the simulation."""
    rows_so_far = simulation.observed.cumsum(axis=1)
    is_new = ~simulation.observed[:, : scoring.WARM_UP_DAYS].any(axis=1)
    return np.asarray(is_new[:, None] & (rows_so_far <= _ENTRY_ROWS))


def _percent(alarms: Flags, inside: Flags) -> float:
    return 100 * float(alarms[inside].mean()) if inside.any() else float("nan")
