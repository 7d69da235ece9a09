"""The reference itself, on the hand-worked tables and on points worked by hand here."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.reference.metrics import UNKNOWN, metrics
from tests.reference.snapshots import catalogue_days, snapshots
from tests.reference.viral_signals import viral_signals

FIRST = date(2026, 3, 1)
GOLDEN = Path(__file__).parents[3] / "shared/reference/metrics-golden.json"
COLUMN = {
    "popularity_pct_1d": "popularity_pct_change_1d",
    "popularity_ma_7d": "popularity_7d_ma",
    "popularity_change_7d": "popularity_wow_change",
    "popularity_pct_7d": "popularity_wow_pct_change",
    "vote_pct_7d": "vote_count_pct_change_7d",
    "momentum_status": "momentum_status_1d",
    "viral_score_compat": "viral_coefficient_classic",
    "vote_correction": "is_vote_count_corrected",
    "viral_score": "viral_coefficient",
    "is_alarm": "is_breakout_alarm",
    "vote_acceleration_lo": "vote_acceleration_7d_low",
    "growth_7d": "popularity_growth_7d",
    "growth_z": "popularity_growth_z",
    "trend_class": "momentum_status",
}
"""The research's name -> our name, where they differ."""
NOT_STORED = {"viral_category", "is_emerging", "vote_baseline"}
"""Columns derived in views, and the parts of votes_3d_expected."""
RESTATED = ("B2 ", "B3 ", "B11 ", "B12 ")
"""Cases whose numbers decision 0006 changed, by the beginning of their names.

The file has the old numbers, tests/sql/50_movie_viral_signals/hand_worked the new ones.
"""

type Value = float | None
type Points = Sequence[tuple[int, int, Value, Value]]
"""Movie, day, popularity, votes."""


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def read(points: Points) -> pd.DataFrame:
    """Return readings of details, one a day."""
    return pd.DataFrame(
        {
            "movie_id": movie_id,
            "snapshot_date": day(number),
            "source": "details",
            "popularity": popularity,
            "vote_count": votes,
            "vote_average": 6.5,
            "read_at": datetime.combine(day(number), time(9), UTC),
        }
        for movie_id, number, popularity, votes in points
    )


def compute(readings: pd.DataFrame, *shifts: int) -> pd.DataFrame:
    """Return everything about each movie and day, these days being shifts as well."""
    rows = snapshots(readings)
    days, signals = catalogue_days(rows), viral_signals(rows)
    days["is_catalogue_shift"] |= days["snapshot_date"].isin([day(n) for n in shifts])
    signals = signals.rename(columns={"vote_acceleration_7d": "acceleration_signal"})
    found = metrics(rows, viral_signals(rows), days)
    new = [*signals.columns.difference(found.columns), "movie_id", "calculation_date"]
    return (
        found.merge(signals[new], on=["movie_id", "calculation_date"])
        .merge(
            rows.rename(columns={"snapshot_date": "calculation_date"})[
                ["movie_id", "calculation_date", "vote_count_pct_change_7d"]
            ],
            on=["movie_id", "calculation_date"],
        )
        .set_index(["movie_id", "calculation_date"])
    )


def golden() -> list[Any]:
    cases = json.loads(GOLDEN.read_text())["cases"] if GOLDEN.exists() else []
    return [case for case in cases if not case["name"].startswith(RESTATED)]


@pytest.mark.skipif(not GOLDEN.exists(), reason="needs ../shared/reference")
@pytest.mark.parametrize("case", golden(), ids=lambda case: case["name"])
def test_the_hand_worked_tables(case: Any) -> None:
    readings = pd.concat(
        read([(movie_id, *row[:3])]).assign(
            read_at=datetime.combine(day(row[0]), time(9, second=sum(row[3:])), UTC)
        )
        for movie_id in range(case["copies"])
        for row in case["rows"]
    )
    found = compute(readings).xs(day(case["day"]), level=1).loc[0]
    for part in ("compat", "viral"):
        for name, value in case[part].items():
            if name in NOT_STORED:
                continue
            column = COLUMN.get(name, name)
            if name == "vote_acceleration":
                column = {"compat": "vote_acceleration_7d"}.get(
                    part, "acceleration_signal"
                )
            if value is None and name in {"momentum_status", "trend_class"}:
                assert found[column] == UNKNOWN
            elif isinstance(value, str | bool):
                assert found[column] == value, name
            else:
                expected = math.nan if value is None else value
                assert found[column] == pytest.approx(
                    expected, rel=1e-9, abs=1e-12, nan_ok=True
                ), name


def test_equal_popularity_shares_a_place_and_none_has_none() -> None:
    found = compute(read([(1, 0, 5, 1), (2, 0, 9, 1), (3, 0, 5, 1), (4, 0, None, 1)]))

    ranks = found["popularity_rank"].tolist()

    assert ranks[:3] == [2, 1, 2]
    assert math.isnan(ranks[3])


def test_the_newest_reading_of_each_value_counts_the_exports_first() -> None:
    details = read([(1, 0, 5, 10)])
    later = details["read_at"] + timedelta(seconds=1)
    readings = pd.concat(
        [
            details,
            details.assign(popularity=6, vote_count=None, read_at=later),
            read([(2, 0, 7, 20)]),
            read([(2, 0, 8, None)]).assign(source="export", read_at=later),
        ]
    )

    rows = snapshots(readings)

    assert rows["popularity"].tolist() == [6, 8]
    assert rows["popularity_source"].tolist() == ["details", "export"]
    assert rows["vote_count"].tolist() == [10, 20]
    assert rows["ingestion_timestamp"].tolist() == [later[0], later[0]]


def test_days_without_votes_leave_votes_unknown_and_popularity_known() -> None:
    points = [(1, n, 10.0, 100.0 + n if n != 14 else None) for n in range(15)]
    found = compute(read(points)).xs(day(14), level=1).loc[1]

    unknown = ["vote_velocity_7d", "z_votes", "votes_3d", "weight_of_votes"]
    assert found[[*unknown, "is_vote_count_corrected"]].isna().all()
    assert found["popularity_wow_change"] == 0
    assert found["trend_category"] == "Stable"
    assert found["surge"] == found["z_popularity"] == pytest.approx(0)


def test_an_alarm_counts_the_votes_of_days_before_too() -> None:
    """Popularity 1 to 3.5: surge ln 3.5 / (0.13 x sqrt 5) = 4.3; votes matter."""
    quiet = [(1, n, 1.0, 100) for n in range(30)]
    found = compute(read([*quiet, (1, 30, 3.5, 105), (1, 31, 3.5, None)]))

    alarms = found["is_breakout_alarm"]
    assert alarms[(1, day(31))]
    assert math.isnan(found["votes_3d"][(1, day(31))])
    assert found["is_breakout_start"][(1, day(30))]
    assert found["is_breakout_confirmed"][(1, day(31))]


def test_zero_popularity_is_a_value_and_no_level() -> None:
    found = compute(read([(1, n, 0, 0) for n in range(40)])).xs(day(39), level=1).loc[1]

    unknown = ["popularity_wow_pct_change", "popularity_outlook_7d"]
    assert found[unknown].isna().all()
    assert found["popularity_wow_change"] == 0
    assert found[["popularity_now", "popularity_expected", "z_popularity"]].isna().all()


def test_a_frozen_class_is_the_newest_from_before() -> None:
    """It rises by 20 % on day 9, TMDB halves it on day 11, and day 13 is missing."""
    level = {9: 12, 10: 12, 11: 6, 12: 6, 14: 6}
    points = [(1, n, level.get(n, 10), 5) for n in range(15) if n != 13]
    found = compute(read(points), 11).loc[1]

    words = found["momentum_status_1d"].tolist()
    assert words[8:] == ["Stable", "Surging", "Stable", "Stable", "Stable", "Stable"]
    assert found["is_frozen"].tolist() == [False] * 11 + [True] * 3


def test_a_frozen_class_without_30_days_before_is_unknown() -> None:
    found = compute(read([(1, 0, 10, 5), (1, 1, 10, 5), (1, 2, 10, 5)]), 1, 2).loc[1]

    assert found["momentum_status_1d"].tolist() == [UNKNOWN, UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(("movies", "median"), [(29, math.nan), (30, math.log(1.3))])
def test_a_day_is_a_shift_if_30_movies_say_so(movies: int, median: float) -> None:
    points = [(m, n, 10 * 1.3**n, None) for m in range(movies) for n in (0, 1)]

    last = catalogue_days(snapshots(read(points))).iloc[1]

    assert last["popularity_log_change_1d_median"] == pytest.approx(median, nan_ok=True)
    assert last["is_catalogue_shift"] == (movies == 30)
    assert not last["has_votes"]
    assert last["movies_observed"] == movies


def test_the_outlook_is_what_became_of_the_quiet() -> None:
    """31 movies walk about 10 and never far in a week: all are in one state."""
    steps = np.random.default_rng(1).normal(0, 0.03, (31, 60)).cumsum(axis=1)
    points = [
        (m, n, 10 * math.exp(steps[m, n]), 5) for m in range(31) for n in range(60)
    ]
    found = compute(read(points))
    p = found["popularity"].to_numpy().reshape(31, 60)
    sigma = found["popularity_volatility_1d"].to_numpy().reshape(31, 60) * math.sqrt(7)
    moves = [np.log(p[:, o + 7] / p[:, o]) / sigma[:, o] for o in (31, 38, 45, 52)]
    low, middle, high = np.quantile(np.concatenate(moves), [0.1, 0.5, 0.9])

    newest = found.xs(day(59), level=1).loc[0]

    assert (
        found.xs(day(59), level=1)["popularity_wow_pct_change"].between(-28, 40).all()
    )
    for name, q in (("_low", low), ("", middle), ("_high", high)):
        assert newest[f"popularity_outlook_7d{name}"] == pytest.approx(
            p[0, 59] * math.exp(q * sigma[0, 59])
        )


def test_one_movie_seen_once_has_nothing_to_compare_with() -> None:
    found = compute(read([(1, 0, 10, 5)])).xs(day(0), level=1).loc[1]

    assert found["history"] == "new"
    assert found[["surge", "viral_coefficient", "popularity_noise"]].isna().all()
    assert found["momentum_status"] == found["trend_category"] == UNKNOWN
    assert found["days_observed_7d"] == 1
    assert not found["is_breakout_alarm"]
