"""A second implementation of the metrics, by their definitions, not from the SQL."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tests.reference.day_windows import (
    MIN_PEERS,
    Grid,
    Panel,
    ago,
    count,
    mean,
    newest,
    total,
)

UNKNOWN = "Insufficient history"
WEEK = np.sqrt(7)
FROM_SIGNALS = (
    "history",
    "viral_coefficient",
    "is_breakout_alarm",
    "popularity_growth_7d",
    "popularity_growth_z",
    "popularity_volatility_1d",
)
CLASS_FROM = (
    "calculation_date",
    "popularity_growth_7d",
    "popularity_growth_z",
    "popularity_pct_change_1d",
    "popularity_wow_change",
    "popularity_wow_pct_change",
    "vote_velocity_7d",
)
METRICS = (
    "movie_id",
    "calculation_date",
    "popularity",
    "popularity_rank",
    "vote_count",
    "popularity_change_1d",
    "popularity_pct_change_1d",
    "popularity_7d_ma",
    "popularity_7d_stddev",
    "days_observed_7d",
    "popularity_wow_change",
    "popularity_wow_pct_change",
    "momentum_status",
    "momentum_status_1d",
    "vote_velocity_7d",
    "vote_acceleration_7d",
    "viral_coefficient",
    "viral_coefficient_classic",
    "trend_category",
    "is_frozen",
    "is_breakout_start",
    "is_breakout_confirmed",
    "popularity_outlook_7d",
    "popularity_outlook_7d_low",
    "popularity_outlook_7d_high",
)


def metrics(
    snapshot_rows: pd.DataFrame, signals: pd.DataFrame, days: pd.DataFrame
) -> pd.DataFrame:
    """Return the metrics that the charts show (momentum, freezing, outlook)."""
    renamed = snapshot_rows.rename(
        columns={
            "snapshot_date": "calculation_date",
            "popularity_change_7d": "popularity_wow_change",
            "popularity_pct_change_7d": "popularity_wow_pct_change",
        }
    )
    key = ["movie_id", "calculation_date"]
    rows = renamed.merge(signals[[*key, *FROM_SIGNALS]], on=key, validate="1:1")
    panel = Panel.of(rows, "calculation_date")
    p, rows = panel.grid("popularity"), panel.rows
    observed = count(p, 0, 6)
    average = mean(p, 0, 6, at_least=4)
    squares = sum(np.nan_to_num((ago(p, age) - average) ** 2) for age in range(7))
    deviation = np.sqrt(squares / np.where(observed < 4, np.nan, observed - 1))
    velocity, acceleration = _velocity(panel.grid("vote_count"))

    rows["popularity_rank"] = rows.groupby("calculation_date")["popularity"].rank(
        method="min", ascending=False
    )
    rows["popularity_7d_ma"] = panel.column(average)
    rows["popularity_7d_stddev"] = panel.column(deviation)
    rows["days_observed_7d"] = panel.column(observed)
    rows["vote_velocity_7d"] = panel.column(velocity)
    rows["vote_acceleration_7d"] = panel.column(acceleration)
    rows["viral_coefficient_classic"] = (
        0.6 * rows["vote_count_pct_change_7d"] + 0.4 * rows["popularity_wow_pct_change"]
    ).clip(0, 100)
    _add_classes(rows, days)
    _add_breakouts(panel)
    _add_outlook(panel)
    return rows[list(METRICS)]


def _velocity(v: Grid) -> tuple[Grid, Grid]:
    """Return votes per day of this week, and minus those of last week."""
    a_week_ago, age = newest(v, 7, 9)
    two_weeks_ago, its_age = newest(v, 14, 16)
    velocity = (v - a_week_ago) / age
    before = (a_week_ago - two_weeks_ago) / (its_age - age)
    return velocity, velocity - before


def _add_classes(rows: pd.DataFrame, days: pd.DataFrame) -> None:
    """Add the three classes; a shift of the catalogue freezes them."""
    shifts = set(days.loc[days["is_catalogue_shift"].astype(bool), "snapshot_date"])
    unfrozen = {
        "momentum_status": (_momentum, 2),
        "momentum_status_1d": (_momentum_1d, 2),
        "trend_category": (_trend, 8),
    }
    needed = rows[["movie_id", *CLASS_FROM]]
    histories = [
        history.to_dict("records") for _, history in needed.groupby("movie_id")
    ]
    rows["is_frozen"] = False
    for name, (class_of, reach) in unfrozen.items():
        frozen = {day + timedelta(days=n) for day in shifts for n in range(reach + 1)}
        classes: list[str] = []
        for history in histories:
            plain = {row["calculation_date"]: class_of(row) for row in history}
            classes += [_carried(plain, day, frozen) for day in plain]
        rows[name] = classes
        if name == "momentum_status":
            percent = rows["popularity_wow_pct_change"]
            rows.loc[_is_contradicted(rows[name], percent), name] = "Stable"
        rows["is_frozen"] |= rows["calculation_date"].isin(frozen)


def _carried(plain: Mapping[date, str], day: date, frozen: set[date]) -> str:
    """Return the class of the day; if frozen, the newest one of 30 days that is not."""
    if day not in frozen:
        return plain[day]
    for age in range(1, 31):
        before = day - timedelta(days=age)
        if before in plain and before not in frozen:
            return plain[before]
    return UNKNOWN


def _is_contradicted(words: "pd.Series[str]", percent: "pd.Series[float]") -> Any:
    """Mark classes for a rise beside a falling week, and the reverse."""
    signs = {"Surging": 1, "Rising": 1, "Declining": -1, "Falling": -1}
    sign = words.map(signs)
    return sign.notna() & percent.notna() & (sign != np.sign(percent))


def _momentum(row: Mapping[Any, Any]) -> str:
    """Return the class of the week."""
    growth = row["popularity_growth_7d"]
    if np.isnan(growth):
        return UNKNOWN
    percent = row["popularity_wow_pct_change"]
    is_contradicted = not np.isnan(percent) and np.sign(percent) != np.sign(growth)
    if abs(row["popularity_growth_z"]) < 2.3 or is_contradicted:
        return "Stable"
    if growth > 0:
        return "Surging" if growth >= np.log(1.5) else "Rising"
    return "Falling" if growth <= -np.log(1.5) else "Declining"


def _momentum_1d(row: Mapping[Any, Any]) -> str:
    """Return the class of one day."""
    percent = row["popularity_pct_change_1d"]
    if np.isnan(percent):
        return UNKNOWN
    words = {10: "Surging", 5: "Rising", -5: "Stable", -10: "Declining"}
    return next((word for bound, word in words.items() if percent > bound), "Falling")


def _trend(row: Mapping[Any, Any]) -> str:
    """Return the class of the week's points; without votes it is never Viral."""
    change = row["popularity_wow_change"]
    if np.isnan(change):
        return UNKNOWN
    if row["vote_velocity_7d"] > 50 and change > 10:
        return "Viral"
    if change > 5:
        return "Rising"
    return "Declining" if change < -5 else "Stable"


def _add_breakouts(panel: Panel) -> None:
    """Add where alarms start and where a second one confirms them (2c)."""
    alarm = np.nan_to_num(panel.grid("is_breakout_alarm"))
    is_first = total(alarm, 1, 7) == 0
    is_second = total(alarm, 1, 2) > 0
    panel.rows["is_breakout_start"] = panel.column((alarm > 0) & is_first)
    panel.rows["is_breakout_confirmed"] = panel.column((alarm > 0) & is_second)


def _add_outlook(panel: Panel) -> None:
    """Add how movies in the same state changed, in units of their own noise."""
    p, unrest = panel.grid("popularity"), panel.grid("popularity_volatility_1d") * WEEK
    p = np.where(p > 0, p, np.nan)
    state = _states(panel)
    moved = np.log(p / ago(p, 7)) / ago(unrest, 7)
    outlook = np.full((3, *p.shape), np.nan)
    for day in range(p.shape[1]):
        ends = [end for end in range(day, day - 22, -7) if end >= 7]
        for one in ("new", "climbing", "sinking", "quiet"):
            pool = np.concatenate(
                [moved[state[:, end - 7] == one, end] for end in ends] or [np.empty(0)]
            )
            pool = pool[~np.isnan(pool)]
            if len(pool) < MIN_PEERS:
                continue
            mine = state[:, day] == one
            for n, quantile in enumerate(np.quantile(pool, [0.1, 0.5, 0.9])):
                outlook[n, mine, day] = p[mine, day] * np.exp(
                    quantile * unrest[mine, day]
                )
    for name, grid in zip(("_low", "", "_high"), outlook, strict=True):
        panel.rows[f"popularity_outlook_7d{name}"] = panel.column(grid)


def _states(panel: Panel) -> NDArray[np.object_]:
    factor = 1 + panel.grid("popularity_wow_pct_change") / 100
    is_known = (panel.words("history") == "full") & ~np.isnan(factor)
    states: NDArray[np.object_] = np.select(
        [~is_known, factor >= 1.4, factor <= 1 / 1.4],
        ["new", "climbing", "sinking"],
        "quiet",
    ).astype(object)
    states[~panel.seen()] = None
    return states
