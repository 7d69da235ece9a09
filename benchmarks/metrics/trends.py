"""Momentum classes against the true growth, outlooks against what came."""

import numpy as np

from benchmarks.metrics import scoring
from benchmarks.metrics.computed import Cell, Computed, Measures
from benchmarks.metrics.statements import Grid
from emulators.tmdb.catalogue.plan import Flags, Floats

_UP, _DOWN = ("Surging", "Rising"), ("Declining", "Falling")
_TRIPLED, _HALVED = 200.0, -50.0  # percent in a week
_OUTLOOK_DAYS, _SETTLED_ROWS = 7, 14
_MOVING_PCT = (100 * (1 / 1.4 - 1), 40.0)


def momentum(table: str, computed: Computed) -> Measures:
    """Compare the words with the true growth of the week's mean attention."""
    simulation = computed.simulation
    growth = scoring.true_growth(simulation.attention)
    truth = {
        "up": growth >= scoring.TRUE_MOVE,
        "calm": np.abs(growth) <= scoring.TRUE_CALM,
        "down": growth <= -scoring.TRUE_MOVE,
    }
    clear = np.logical_or.reduce(list(truth.values()))
    change = computed.shipped.number("popularity_pct_change_7d")
    measures: Measures = {}
    for name, words in computed.momentum().items():
        known = (
            scoring.judged(simulation)
            & (words != "")
            & (words != "Insufficient history")
        )
        predicted = {
            "up": np.isin(words, _UP),
            "calm": words == "Stable",
            "down": np.isin(words, _DOWN),
        }
        rows = {
            f"momentum F1 {side}": _f1(
                truth[side][known & clear], predicted[side][known & clear]
            )
            for side in truth
        }
        against = against_the_percent(words, change)
        rows |= {
            "quiet days not Stable, %": _percent(
                words != "Stable", known & simulation.labels.quiet
            ),
            "word against the sign of the percent, %": _percent(
                against, known & (words != "Stable")
            ),
            "Stable at >= +200 %, %": _percent(
                predicted["calm"], known & (change >= _TRIPLED)
            ),
            "Stable at <= -50 %, %": _percent(
                predicted["calm"], known & (change <= _HALVED)
            ),
        }
        measures |= {Cell(table, row, name): value for row, value in rows.items()}
    return measures


def against_the_percent(words: Grid, change: Floats) -> Flags:
    """Mark the words for up beside a falling week, and the other way about."""
    up, down = np.isin(words, _UP), np.isin(words, _DOWN)
    return np.asarray((up & (change < 0)) | (down & (change > 0)))


def _percent(called: Flags, inside: Flags) -> float:
    return 100 * float(called[inside].mean()) if inside.any() else float("nan")


def _f1(truth: Flags, predicted: Flags) -> float:
    return float(2 * (truth & predicted).sum() / (truth.sum() + predicted.sum()))


def outlook(table: str, computed: Computed) -> Measures:
    """Hold each outlook against the popularity shown a week later."""
    simulation, number = computed.simulation, computed.shipped.number
    now, then = slice(0, -_OUTLOOK_DAYS), slice(_OUTLOOK_DAYS, None)
    outlook = number("popularity_outlook_7d")[:, now]
    low, high = (
        number(f"popularity_outlook_7d_{end}")[:, now] for end in ("low", "high")
    )
    today, later = simulation.popularity[:, now], simulation.popularity[:, then]
    counted = scoring.judged(simulation)[:, now] & simulation.observed[:, then]
    counted &= (today > 0) & (later > 0)
    known = counted & np.isfinite(outlook)
    measures: Measures = {}
    for state, inside in _states(computed).items():
        chosen = known & inside[:, now]
        if not chosen.any():
            continue
        error = np.abs(np.log(later[chosen] / outlook[chosen]))
        naive = np.abs(np.log(later[chosen] / today[chosen]))
        columns = {
            "share": float(chosen.sum() / known.sum()),
            "given": float(chosen.sum() / (counted & inside[:, now]).sum()),
            "coverage": float(((low <= later) & (later <= high))[chosen].mean()),
            "width": float(np.median(high[chosen] / low[chosen])),
            "error": float(np.median(error)),
            "error_as_today": float(np.median(naive)),
            "mean_error_ratio": float(error.mean() / naive.mean()),
        }
        measures |= {
            Cell(f"{table} outlook", state, c): value for c, value in columns.items()
        }
    return measures


def _states(computed: Computed) -> dict[str, Flags]:
    change = computed.shipped.number("popularity_pct_change_7d")
    rows_so_far = computed.simulation.observed.cumsum(axis=1)
    settled = (rows_so_far > _SETTLED_ROWS) & np.isfinite(change)
    falls, rises = _MOVING_PCT
    with np.errstate(invalid="ignore"):
        climbing, sinking = settled & (change >= rises), settled & (change <= falls)
    return {
        "all": np.ones_like(settled),
        "quiet": settled & ~climbing & ~sinking,
        "climbing": climbing,
        "sinking": sinking,
        "new": ~settled,
    }
