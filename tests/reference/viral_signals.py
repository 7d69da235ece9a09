"""The viral signals a second time, from their definitions and not from the SQL.

B1 to B9 are the definitions of the metrics research; its numbers are stated here
again on purpose.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.reference.day_windows import (
    MIN_PEERS,
    Grid,
    Panel,
    ago,
    cohorts,
    count,
    highest,
    mean,
    newest,
    of_peers,
    ratio,
    total,
)

POPULARITY_COHORTS = (1.0, 5.0, 20.0, 100.0)
VOTE_COHORTS = (10.0, 100.0, 1_000.0, 10_000.0)
BOUNDS_Z = 1.645
OVERDISPERSION = 0.03


def viral_signals(snapshot_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the evidence behind the viral coefficient (2b, alarms of 2c)."""
    panel = Panel.of(snapshot_rows, "snapshot_date")
    votes = _votes(panel)
    popularity = _popularity(panel)
    p, y_3d = panel.grid("popularity"), votes["y_3d"]

    # B6, B7, 2c
    z_votes, z_popularity = votes["z_votes"], popularity["z_popularity"]
    at_stake = np.fmax(votes["votes_3d_expected"], y_3d)
    weight = np.where(np.isnan(z_votes), np.nan, np.sqrt(at_stake / (at_stake + 1)))
    surge = (weight * z_votes + z_popularity) / np.sqrt(1 + weight**2)
    surge = np.where(np.isnan(z_votes), z_popularity, surge)
    # Votes alone still count by how many they are: two are two.
    surge = np.where(np.isnan(z_popularity), weight * z_votes, surge)
    numbers = {
        **votes,
        **popularity,
        "weight_of_votes": weight,
        "surge": surge,
        "viral_coefficient": 100 * (1 - 2 ** (-np.maximum(surge, 0) / 4)),
        **_growth(panel),
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
    """Return what the counter of votes says (B1 to B4, B8); NaN without a count."""
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

    # B2
    rate = np.where(panel.seen() & (e_base >= 14), ratio(y_base, e_base), np.nan)
    cohort = cohorts(panel.grid("popularity"), POPULARITY_COHORTS)
    m = of_peers(_mean, rate, cohort, too_few=0.5, else_all=True)
    baseline = (1 + y_base) / (1 / np.maximum(m, 0.02) + e_base)
    kappa = OVERDISPERSION + 1 / (1 + y_base)

    # B3
    expected = e_3d * np.maximum(baseline, (7 * baseline + y_before) / (7 + e_before))
    cycle = np.where(panel.seen() & (expected >= 5), ratio(y_3d, expected), np.nan)
    everybody = np.zeros(v.shape, dtype=np.intp)
    g = of_peers(_median, cycle, everybody, too_few=1.0, else_all=True)
    expected = expected * np.clip(g, 0.5, 2)

    # B4
    def root(votes: Grid) -> Grid:
        return np.arcsinh(np.sqrt(kappa * (votes + 3 / 8)))

    z = 2 / (0.85 * np.sqrt(kappa)) * (root(y_3d) - root(expected))

    # B8
    prior = 2 * baseline
    velocity = (prior + y_7d) / (2 + e_7d)
    shape = 1 / (1 / (prior + y_7d) + OVERDISPERSION)
    r_7d, r_before = ratio(y_7d, e_7d), ratio(y_before, e_before)
    enough = (e_7d >= 4) & (e_before >= 4)
    acceleration = np.where(enough, r_7d - r_before, np.nan)
    spread = BOUNDS_Z * np.sqrt(
        ratio(y_7d + 1, e_7d**2)
        + ratio(y_before + 1, e_before**2)
        + OVERDISPERSION * (r_7d**2 + r_before**2)
    )

    counted = np.where(np.isnan(v), np.nan, 1.0)
    counted_3d = np.where(e_3d > 0, counted, np.nan)
    return {
        "y_3d": y_3d,
        "is_vote_count_corrected": _where_known(v, is_corrected),
        "votes_3d": y_3d * counted_3d,
        "votes_3d_expected": expected * counted_3d,
        "vote_baseline": baseline * counted,
        "votes_per_day_7d": velocity * counted,
        "votes_per_day_7d_low": velocity * _gamma_bound(shape, -BOUNDS_Z) * counted,
        "votes_per_day_7d_high": velocity
        * np.maximum(_gamma_bound(shape, BOUNDS_Z), 1)  # never below the mean
        * counted,
        "vote_acceleration_7d": acceleration * counted,
        "vote_acceleration_7d_low": (acceleration - spread) * counted,
        "vote_acceleration_7d_high": (acceleration + spread) * counted,
        "z_votes": np.clip(z, -3, 12) * counted_3d,
    }


def _where_known(v: Grid, flags: NDArray[np.bool_]) -> NDArray[np.object_]:
    found = flags.astype(object)
    found[np.isnan(v)] = None
    return found


def _vote_steps(v: Grid) -> tuple[Grid, Grid, NDArray[np.bool_]]:
    """Return votes and days of each step of the counter, and whether it corrects (B1).

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
    """Return what popularity says against its baseline (B5)."""
    p, v = panel.grid("popularity"), panel.grid("vote_count")
    x = _log(p)
    n, n_before = count(x, 4, 35), count(x, 1, 35)
    average, variance = _weighted(x, 4, 35)
    base = np.fmax(average, mean(x, 7, 13, at_least=3))
    base = np.where(n >= 3, base, mean(x, 1, 35, at_least=1))

    away = np.where(n >= 7, x - base, np.nan)
    market = of_peers(
        _median, away, cohorts(v, VOTE_COHORTS), too_few=0.0, else_all=True
    )
    peer_variance = of_peers(
        _median,
        np.where(panel.seen() & (n >= 14), variance, np.nan),
        cohorts(p, POPULARITY_COHORTS),
        too_few=0.2**2,
        else_all=False,
    )
    own = n * np.nan_to_num(variance)
    noise = np.sqrt((own + 28 * peer_variance) / (n + 28) + 0.1**2)
    noise = np.where(
        n >= 3, noise, 0.35 * np.sqrt(1 + ratio(np.ones_like(x), n_before))
    )

    own_z = (x - base - market) / (1.35 * noise)
    z = np.where(n >= 3, own_z, np.fmax(own_z, _high_entry(x)))
    return {
        "history": np.select(
            [n >= 14, n >= 3, n_before > 0], ["full", "short", "cold"], "new"
        ),
        "popularity_baseline": np.exp(base),
        "catalogue_factor": np.exp(market),
        "popularity_noise": noise,
        "z_popularity": np.clip(z, -3, 12),
    }


def _high_entry(x: Grid) -> Grid:
    """Return how high each movie stands in the day's table, of 30 movies at least."""
    found = np.full(x.shape, np.nan)
    for day in range(x.shape[1]):
        table = x[~np.isnan(x[:, day]), day]
        if len(table) < MIN_PEERS:
            continue
        middle, upper = np.quantile(table, [0.5, 0.84])
        if upper > middle:
            found[:, day] = (x[:, day] - middle) / (1.35 * (upper - middle))
    return found


def _growth(panel: Panel) -> dict[str, NDArray[Any]]:
    """Return the growth of the week, what it is worth, and the daily unrest (B9)."""
    p = panel.grid("popularity")
    x = _log(p)
    growth = mean(x, 0, 6, at_least=4) - mean(x, 7, 13, at_least=4)
    market = of_peers(
        _median,
        np.where(panel.seen(), growth, np.nan),
        cohorts(panel.grid("vote_count"), VOTE_COHORTS),
        too_few=0.0,
        else_all=True,
    )
    before, age = newest(x, 1, 10)
    squares = np.minimum((x - before) ** 2 / age, 0.09)
    n, own = count(squares, 1, 35), total(squares, 1, 35)
    peers = of_peers(
        _median,
        np.where(panel.seen() & (n >= 14), ratio(own, n), np.nan),
        cohorts(p, POPULARITY_COHORTS),
        too_few=0.0036,
        else_all=False,
    )
    sigma = np.sqrt((own + 14 * peers) / (n + 14) + 0.02**2)
    return {
        "popularity_growth_7d": growth - market,
        "popularity_growth_z": (growth - market) / (2.17 * sigma),
        "popularity_volatility_1d": sigma,
    }


def _log(popularity: Grid) -> Grid:
    return np.log(np.maximum(popularity, 0.01))


def _weighted(x: Grid, youngest: int, oldest: int) -> tuple[Grid, Grid]:
    """Return mean and variance of these ages; 14 days halve a weight."""
    weights, sums, squares = (np.zeros(x.shape) for _ in range(3))
    for age in range(youngest, oldest + 1):
        before, weight = ago(x, age), 0.5 ** (age / 14)
        weights += np.where(np.isnan(before), 0, weight)
        sums += weight * np.nan_to_num(before)
    average = ratio(sums, weights)
    for age in range(youngest, oldest + 1):
        squares += 0.5 ** (age / 14) * np.nan_to_num((ago(x, age) - average) ** 2)
    return average, ratio(squares, weights)


def _mean(values: Grid) -> float:
    return float(np.mean(values))


def _median(values: Grid) -> float:
    return float(np.median(values))
