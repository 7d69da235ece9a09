"""python -m benchmarks.metrics.real_series SERIES: the scores on real movies.

A CSV of snapshots in (date, tmdb_id, popularity, vote_count), shares out. Nobody has
labelled its events, so it is said how the scores behave and not how often they are
right. TMDB's terms keep such a file out of the repository, and its data out of here.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from benchmarks.metrics import scoring
from benchmarks.metrics.computed import EARLIER, SHIPPED
from benchmarks.metrics.simulators.labels import Labels
from benchmarks.metrics.simulators.simulation import Simulation
from benchmarks.metrics.statements import Metrics, bench
from benchmarks.metrics.trends import against_the_percent
from emulators.tmdb.catalogue.plan import Flags, Floats
from local.console import open_console

_CALM_PCT, _ROSE_PCT, _DOUBLED_PCT, _HALVED_PCT = 20.0, 50.0, 100.0, -50.0
_RISE_FACTOR, _LAST_DAYS = 1.5, 14


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("series", type=Path)
    table = Table(box=box.MARKDOWN)
    table.add_column("")
    measured = measure(read(parser.parse_args().series))
    for name in measured:
        table.add_column(name, justify="right")
    for row in measured[SHIPPED]:
        table.add_row(row, *(f"{rows[row]:,.4g}" for rows in measured.values()))
    open_console().print(table)


def read(path: Path) -> Simulation:
    """Return the series as grids; what only a simulation knows is empty."""
    rows = pd.read_csv(path, parse_dates=["date"])
    first = rows["date"].min()
    movie_id, movie = np.unique(rows["tmdb_id"], return_inverse=True)
    day = (rows["date"] - first).dt.days.to_numpy()
    shape = len(movie_id), int(day.max()) + 1
    popularity, votes = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    popularity[movie, day], votes[movie, day] = rows["popularity"], rows["vote_count"]
    observed = np.isfinite(popularity)
    nothing = np.zeros(shape, dtype=bool)
    return Simulation(
        seed=0,
        movie_id=movie_id,
        first_day=first.date(),
        popularity=popularity,
        votes=votes,
        observed=observed,
        attention=popularity,
        events=(),
        labels=Labels(nothing, nothing, nothing),
        nuisances={},
    )


def measure(series: Simulation) -> dict[str, dict[str, float]]:
    """Return the rows of the table by the score's name."""
    with bench() as emulated:
        shipped, earlier = emulated.compute(series, whole=True)
    change = shipped.number("popularity_pct_change_7d")
    both = np.isfinite(shipped.number("viral_coefficient"))
    both &= np.isfinite(earlier.number("viral_coefficient"))
    return {
        EARLIER: _behaviour(series, earlier, change, both),
        SHIPPED: _behaviour(series, shipped, change, both),
    }


def _behaviour(
    series: Simulation, metrics: Metrics, change: Floats, scored: Flags
) -> dict[str, float]:
    """Measure one score where `scored`, and its words wherever there are some."""
    alarms = metrics.grids["is_breakout_alarm"] & scored
    words = metrics.grids["momentum_status"]
    judged = series.observed & ~np.isin(words, ["", "Insufficient history"])
    score = np.where(scored, metrics.number("viral_coefficient"), np.nan)
    return {
        "movie-days with both scores": int(scored.sum()),
        "of them alarm, %": _percent(alarms, scored),
        "alarm at >= +50 % in the week, %": _percent(
            alarms, scored & (change >= _ROSE_PCT)
        ),
        "alarm within 20 % in the week, %": _percent(
            alarms, scored & (np.abs(change) <= _CALM_PCT)
        ),
        "alarms at 1.5 x a day of two weeks, %": _percent(_rose(series), alarms),
        "top 20 kept next day": _kept(score),
        "word against the percent, %": _percent(
            against_the_percent(words, change), judged & (words != "Stable")
        ),
        "Stable at >= +100 %, %": _percent(
            words == "Stable", judged & (change >= _DOUBLED_PCT)
        ),
        "Stable at <= -50 %, %": _percent(
            words == "Stable", judged & (change <= _HALVED_PCT)
        ),
    }


def _rose(series: Simulation) -> Flags:
    """Mark where popularity is 1.5 times the lowest of the two weeks before it."""
    level = np.where(series.observed, series.popularity, np.nan)
    lowest = np.full(level.shape, np.nan)
    for age in range(1, _LAST_DAYS + 1):
        lowest[:, age:] = np.fmin(lowest[:, age:], level[:, :-age])
    return np.asarray(level >= _RISE_FACTOR * lowest)


def _kept(score: Floats) -> float:
    """Return the mean share of the top 20 in both of two days.

    Only movies with a score on both: which movies a day has is chance here.
    """
    shares = []
    for day in range(1, score.shape[1]):
        both = np.flatnonzero(np.isfinite(score[:, day - 1 : day + 1]).all(axis=1))
        if len(both) <= scoring.TOP:
            continue
        before, after = (
            set(both[np.argsort(-score[both, at], kind="stable")[: scoring.TOP]])
            for at in (day - 1, day)
        )
        shares.append(len(before & after) / len(before | after))
    return float(np.mean(shares))


def _percent(called: Flags, inside: Flags) -> float:
    return 100 * float(called[inside].mean()) if inside.any() else float("nan")


if __name__ == "__main__":
    main()
