"""What each side calls, against the labels: rankings, alarms, rules."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict

import numpy as np

from benchmarks.metrics import scoring
from benchmarks.metrics.computed import Cell, Computed, Measures
from benchmarks.metrics.simulation import Simulation
from emulators.tmdb.catalogue.plan import Flags

_BREAKOUTS = ("small", "medium", "large", "small_base")
_REGIME_RULES = {
    "alarm": "is_breakout_alarm",
    "confirmed": "is_breakout_confirmed",
    "predecessor": "predecessor viral >= 40",
}
_AFTER_DAYS = 14
_POPULARITY_BOUNDS = (0, 1, 5, 20, 100, np.inf)


def simulated(simulation: Simulation) -> Iterator[tuple[Cell, float]]:
    """Count what there is to judge by."""
    counted = scoring.judged(simulation)
    days = counted.any(axis=0).sum()
    for label, grid in asdict(simulation.labels).items():
        yield (
            Cell("simulated", f"{label} movies a day", "number"),
            float((grid & counted).sum() / days),
        )
    kinds = scoring.detect(simulation, counted).kinds
    for kind in (*_BREAKOUTS, "release", "digital", "trailer"):
        yield Cell("simulated", f"events: {kind}", "number"), float(kinds.count(kind))


def ranked(computed: Computed) -> Measures:
    """Judge the order of each score."""
    return {
        Cell("ranking", name, column): value
        for name, score in computed.scores().items()
        for column, value in asdict(scoring.rank(computed.simulation, score)).items()
    }


def _alarms(computed: Computed, thresholds: Mapping[str, float]) -> dict[str, Flags]:
    with np.errstate(invalid="ignore"):
        return {
            name: score >= thresholds[name] for name, score in computed.scores().items()
        }


def detected(computed: Computed, thresholds: Mapping[str, float]) -> Measures:
    """Judge each score at its threshold."""
    measures: Measures = {}
    for name, alarms in _alarms(computed, thresholds).items():
        found = scoring.detect(computed.simulation, alarms)
        columns = {
            "false_alarms": scoring.false_alarms_per_1000(computed.simulation, alarms),
            "all": found.found(),
            "all_3d": found.found(within=scoring.SOON_DAYS),
            "delay": found.delay(),
            "breakouts": found.found(*_BREAKOUTS),
            "breakouts_3d": found.found(*_BREAKOUTS, within=scoring.SOON_DAYS),
            "median_delay": found.median_delay_of_found(*_BREAKOUTS),
        } | {
            kind: found.found(kind)
            for kind in (*_BREAKOUTS, "release", "digital", "trailer")
        }
        measures |= {Cell("detection", name, c): value for c, value in columns.items()}
    return measures


def ruled(computed: Computed) -> Measures:
    """Judge the rules as they are shipped."""
    measures: Measures = {}
    for name, alarms in computed.rules().items():
        found = scoring.detect(computed.simulation, alarms)
        counted = scoring.judged(computed.simulation)
        columns = {
            "false_alarms": scoring.false_alarms_per_1000(computed.simulation, alarms),
            "precision": scoring.alarm_precision(computed.simulation, alarms),
            "all": found.found(),
            "delay": found.delay(),
            "per_1000": 1000 * float(alarms[counted].mean()),
        }
        measures |= {Cell("rules", name, c): value for c, value in columns.items()}
    return measures


def with_gaps(
    whole: Computed, gappy: Computed, thresholds: Mapping[str, float]
) -> Measures:
    """Judge each score where rows are missing."""
    measures: Measures = {}
    alarms = _alarms(gappy, thresholds)
    full_scores = whole.scores()
    for name, score in gappy.scores().items():
        columns = {
            "average_precision": scoring.rank(
                gappy.simulation, score
            ).average_precision,
            "false_alarms": scoring.false_alarms_per_1000(
                gappy.simulation, alarms[name]
            ),
            "all": scoring.detect(gappy.simulation, alarms[name]).found(),
            "top_overlap": scoring.top_overlap(
                gappy.simulation, full_scores[name], score
            ),
        }
        measures |= {Cell("gaps", name, c): value for c, value in columns.items()}
    return measures


def rescaled(
    column: str, computed: Computed, day: int, thresholds: Mapping[str, float]
) -> Measures:
    """Count false alarms in the 14 days from that day on."""
    calm = scoring.quiet(computed.simulation)[:, day : day + _AFTER_DAYS]
    rules = computed.rules()
    rules |= {
        f"{name} >= {thresholds[name]:.1f}": alarms
        for name, alarms in _alarms(computed, thresholds).items()
    }
    return {
        Cell("rescaling", name, column): 1000
        * float(alarms[:, day : day + _AFTER_DAYS][calm].mean())
        for name, alarms in rules.items()
    }


def regimes(computed: Computed) -> Measures:
    """Count false alarms by history, popularity and what befell the votes."""
    popularity = computed.simulation.popularity
    history = computed.ours.grids["history"]
    measures: Measures = {}
    for state in ("full", "short", "cold", "new"):
        measures |= regime(f"history {state}", computed, history == state)
    for low, high in itertools.pairwise(_POPULARITY_BOUNDS):
        inside = (popularity >= low) & (popularity < high)
        measures |= regime(f"popularity {low:g} to {high:g}", computed, inside)
    for name, inside in computed.simulation.nuisances.items():
        measures |= regime(name, computed, inside)
    return measures


def regime(name: str, computed: Computed, inside: Flags) -> Measures:
    """Count the false alarms of the main rules where `inside`."""
    calm = scoring.quiet(computed.simulation)
    chosen, rules = calm & inside, computed.rules()
    if not chosen.any():
        return {}
    columns = {
        column: 1000 * float(rules[rule][chosen].mean())
        for column, rule in _REGIME_RULES.items()
    } | {"share": float(chosen.sum() / calm.sum())}
    return {Cell("regimes", name, c): value for c, value in columns.items()}
