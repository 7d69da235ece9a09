"""A second implementation of the viral signals, by their definitions.

It repeats the constants on purpose. docs/concepts/metrics.md has the definitions; ages
are in days, 0 is the day itself.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.reference.day_windows import (
    MIN_PEERS,
    Grid,
    Panel,
    count,
    highest,
    mean,
    newest,
    ratio,
    total,
)

BOUNDS_Z = 1.645
RATE_OVERDISPERSION = 0.03


def viral_signals(snapshot_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence behind the viral coefficient, and the alarm."""
    panel = Panel.of(snapshot_rows, "snapshot_date")
    votes, popularity = _votes(panel), _popularity(panel)
    p, y_3d = panel.grid("popularity"), votes["y_3d"]

    # Votes never weigh more than popularity.
    z_votes, z_popularity = votes["z_votes"], popularity["z_popularity"]
    at_stake = np.fmax(votes["votes_3d_expected"], y_3d)
    weight = np.where(np.isnan(z_votes), np.nan, np.sqrt(at_stake / (at_stake + 1)))
    counted = np.minimum(z_votes, np.maximum(z_popularity, 0))
    surge = (z_popularity + weight * counted) / np.sqrt(1 + weight**2)
    surge = np.where(np.isnan(z_votes), z_popularity, surge)
    numbers = {
        **votes,
        **popularity,
        "weight_of_votes": weight,
        "surge": surge,
        "viral_coefficient": 100 * (1 - 2 ** (-np.maximum(surge, 0) / 4)),
        "popularity_volatility_1d": _volatility(panel),
    }
    del numbers["y_3d"]
    found = {name: panel.column(grid) for name, grid in numbers.items()}
    return pd.DataFrame(
        {
            "movie_id": panel.rows["movie_id"],
            "calculation_date": panel.rows["snapshot_date"],
            **found,
            "is_breakout_alarm": panel.column((surge >= 3) & ((y_3d >= 5) | (p >= 4))),
        }
    )


def _votes(panel: Panel) -> dict[str, NDArray[Any]]:
    """Return the measures of the vote counter; NaN without a count."""
    v = panel.grid("vote_count")
    gained, measured, is_corrected = _vote_steps(v)

    def window(youngest: int, oldest: int) -> tuple[Grid, Grid]:
        return (
            np.maximum(total(gained, youngest, oldest), 0),
            total(measured, youngest, oldest),
        )

    y_3d, e_3d = window(0, 2)
    y_7d, e_7d = window(0, 6)
    y_before, e_before = window(7, 13)
    y_base, e_base = window(8, 35)
    rate = (1 + y_base) / (2 + e_base)
    expected = e_3d * (7 * rate + y_before) / (7 + e_before)

    def root(votes: Grid) -> Grid:
        return np.arcsinh(np.sqrt(0.1 * (votes + 3 / 8)))

    z = 2 / np.sqrt(0.1) * (root(y_3d) - root(expected))

    prior = 2 * rate
    velocity = (prior + y_7d) / (2 + e_7d)
    shape = 1 / (1 / (prior + y_7d) + RATE_OVERDISPERSION)
    r_7d, r_before = ratio(y_7d, e_7d), ratio(y_before, e_before)
    enough = (e_7d >= 4) & (e_before >= 4)
    acceleration = np.where(enough, r_7d - r_before, np.nan)
    spread = BOUNDS_Z * np.sqrt(
        ratio(y_7d + 1, e_7d**2)
        + ratio(y_before + 1, e_before**2)
        + RATE_OVERDISPERSION * (r_7d**2 + r_before**2)
    )

    counted = np.where(np.isnan(v), np.nan, 1.0)
    counted_3d = np.where(e_3d > 0, counted, np.nan)
    return {
        "y_3d": y_3d,
        "is_vote_count_corrected": _where_known(v, is_corrected),
        "votes_3d": y_3d * counted_3d,
        "votes_3d_expected": expected * counted_3d,
        "votes_per_day_7d": velocity * counted,
        "votes_per_day_7d_low": velocity * _gamma_bound(shape, -BOUNDS_Z) * counted,
        "votes_per_day_7d_high": velocity
        * np.maximum(_gamma_bound(shape, BOUNDS_Z), 1)  # never below the mean
        * counted,
        "vote_acceleration_7d": acceleration * counted,
        "vote_acceleration_7d_low": (acceleration - spread) * counted,
        "vote_acceleration_7d_high": (acceleration + spread) * counted,
        "z_votes": z * counted_3d,
    }


def _where_known(v: Grid, flags: NDArray[np.bool_]) -> NDArray[np.object_]:
    found = flags.astype(object)
    found[np.isnan(v)] = None
    return found


def _vote_steps(v: Grid) -> tuple[Grid, Grid, NDArray[np.bool_]]:
    """Return votes and days of each step of the counter, and whether it corrects.

    A step farther than 10 days is none; corrections are 0 votes in 0 days.
    """
    before, age = newest(v, 1, 10)
    step = v - before
    top = highest(v, 1, 7)
    jitter = np.maximum(2, 0.002 * before)
    is_cleanup = step < -jitter
    is_dip = before < top - jitter
    is_restore = is_dip & (step >= 0.5 * (top - before))
    is_corrected = is_cleanup | is_restore
    counts = ~np.isnan(step) & ~is_corrected
    return np.where(counts, step, 0), np.where(counts, age, 0), is_corrected


def _gamma_bound(shape: Grid, z: float) -> Grid:
    """Return a quantile of a Gamma variable over its mean (Wilson, Hilferty)."""
    root = 1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape))
    return np.maximum(root, 0) ** 3


def _popularity(panel: Panel) -> dict[str, NDArray[Any]]:
    """Return the level now, the level expected, and what the week's growth is."""
    x = _log(panel.grid("popularity"))
    now = np.where(np.isnan(x), np.nan, mean(x, 0, 1, at_least=1))
    week = mean(x, 7, 13, at_least=1)
    far = np.where(np.isnan(week), mean(x, 14, 35, at_least=1), week)
    near = mean(x, 3, 6, at_least=1)
    expected = np.fmin(near, far)
    market = _median_of_day(now - expected)
    noise = _noise(expected)

    growth = now - mean(x, 7, 13, at_least=3)
    growth = growth - _median_of_day(growth)[np.newaxis, :]
    which = np.select(
        [np.isnan(expected), near < np.nan_to_num(far, nan=np.inf), ~np.isnan(week)],
        ["", "days_3_to_6", "last_week"],
        "weeks_before",
    ).astype(object)
    which[which == ""] = None
    return {
        "history": np.select(
            [np.isnan(expected), count(x, 4, 35) >= 14], ["new", "full"], "short"
        ),
        "popularity_now": np.exp(now),
        "popularity_expected": np.exp(expected),
        "expected_level": which,
        "market_factor": np.broadcast_to(np.exp(market), x.shape),
        "popularity_noise": noise,
        "z_popularity": (now - expected - market[np.newaxis, :]) / noise,
        "popularity_growth_7d": growth,
        "popularity_growth_z": growth / _noise(week),
    }


def _median_of_day(values: Grid) -> Grid:
    """Return each day's median, 0 where fewer than 30 movies have a value."""
    found = np.zeros(values.shape[1])
    for day in range(values.shape[1]):
        known = values[~np.isnan(values[:, day]), day]
        if len(known) >= MIN_PEERS:
            found[day] = np.median(known)
    return found


def _noise(level: Grid) -> Grid:
    return 0.13 * np.sqrt(1 + 4 / np.exp(level))


def _volatility(panel: Panel) -> Grid:
    """Return the daily noise of the level, closer to 6 % with few values."""
    x = _log(panel.grid("popularity"))
    before, age = newest(x, 1, 10)
    squares = np.minimum((x - before) ** 2 / age, 0.09)
    n, own = count(squares, 1, 35), total(squares, 1, 35)
    return np.sqrt((own + 14 * 0.0036) / (n + 14) + 0.02**2)


def _log(popularity: Grid) -> Grid:
    known = np.where(popularity == 0, np.nan, popularity)
    return np.log(np.maximum(known, 0.01))
