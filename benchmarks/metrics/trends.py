"""Momentum classes against the true growth, outlooks against what came."""

import numpy as np

from benchmarks.metrics import scoring
from benchmarks.metrics.computed import Cell, Computed, Measures
from emulators.tmdb.catalogue.plan import Flags, Floats

_UP, _DOWN = ("Surging", "Rising"), ("Declining", "Falling")
_TRUE_MOVE, _TRUE_CALM = np.log(1.25), np.log(1.05)
_OUTLOOK_DAYS = 7
_MOVING_PCT = (100 * (1 / 1.4 - 1), 40.0)


def momentum(computed: Computed) -> Measures:
    """Compare the classes with the true growth of the week's mean attention."""
    growth = _true_growth(computed.simulation.attention)
    truth = {
        "up": growth >= _TRUE_MOVE,
        "calm": np.abs(growth) <= _TRUE_CALM,
        "down": growth <= -_TRUE_MOVE,
    }
    clear = np.logical_or.reduce(list(truth.values()))
    counted, calm = (
        scoring.judged(computed.simulation),
        scoring.quiet(computed.simulation),
    )
    measures: Measures = {}
    for name in ("momentum_status", "momentum_status_1d"):
        words = computed.ours.grids[name]
        has_class = counted & (words != "") & (words != "Insufficient history")
        said = {
            "up": np.isin(words, _UP),
            "calm": words == "Stable",
            "down": np.isin(words, _DOWN),
        }
        both = (calm & has_class)[:, 1:] & (calm & has_class)[:, :-1]
        columns = {
            "not_stable": float((words != "Stable")[calm & has_class].mean()),
            "changes": float((words[:, 1:] != words[:, :-1])[both].mean()),
        }
        scores = {
            side: _f1(truth[side][has_class & clear], said[side][has_class & clear])
            for side in truth
        }
        columns |= {f"f1_{side}": value for side, value in scores.items()}
        columns["f1"] = float(np.mean(list(scores.values())))
        measures |= {Cell("momentum", name, c): value for c, value in columns.items()}
    return measures


def _true_growth(attention: Floats) -> Floats:
    level = np.log(np.maximum(attention, 0.01))
    week = np.full(level.shape, np.nan)
    sums = np.cumsum(level, axis=1)
    week[:, 7:] = (sums[:, 7:] - sums[:, :-7]) / 7
    growth = np.full(level.shape, np.nan)
    growth[:, 7:] = week[:, 7:] - week[:, :-7]
    return growth


def _f1(truth: Flags, said: Flags) -> float:
    return float(2 * (truth & said).sum() / (truth.sum() + said.sum()))


def outlook(computed: Computed) -> Measures:
    """Hold each outlook against the popularity shown a week later."""
    simulation, number = computed.simulation, computed.ours.number
    now, then = slice(0, -_OUTLOOK_DAYS), slice(_OUTLOOK_DAYS, None)
    outlook = number("popularity_outlook_7d")[:, now]
    low, high = (
        number(f"popularity_outlook_7d_{end}")[:, now] for end in ("low", "high")
    )
    today, later = simulation.popularity[:, now], simulation.popularity[:, then]
    counted = scoring.judged(simulation)[:, now] & simulation.observed[:, then]
    counted &= (today > 0) & (later > 0)
    told = counted & np.isfinite(outlook)
    measures: Measures = {}
    for state, inside in _states(computed).items():
        chosen = told & inside[:, now]
        if not chosen.any():
            continue
        error = np.abs(np.log(later[chosen] / outlook[chosen]))
        naive = np.abs(np.log(later[chosen] / today[chosen]))
        columns = {
            "share": float(chosen.sum() / told.sum()),
            "told": float(chosen.sum() / (counted & inside[:, now]).sum()),
            "coverage": float(((low <= later) & (later <= high))[chosen].mean()),
            "width": float(np.median(high[chosen] / low[chosen])),
            "error": float(np.median(error)),
            "error_as_today": float(np.median(naive)),
            "mean_error_ratio": float(error.mean() / naive.mean()),
        }
        measures |= {Cell("outlook", state, c): value for c, value in columns.items()}
    return measures


def _states(computed: Computed) -> dict[str, Flags]:
    change = computed.ours.number("popularity_wow_pct_change")
    settled = (computed.ours.grids["history"] == "full") & np.isfinite(change)
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
