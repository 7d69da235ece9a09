"""The hand-worked tables of the metrics research; skipped where they are absent."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

GOLDEN = Path(__file__).parents[3] / "shared/reference/metrics-golden.json"
COMPATIBLE = {
    "popularity_change_1d": "popularity_change_1d",
    "popularity_pct_1d": "popularity_pct_change_1d",
    "popularity_ma_7d": "popularity_7d_ma",
    "popularity_change_7d": "popularity_wow_change",
    "popularity_pct_7d": "popularity_wow_pct_change",
    "vote_velocity_7d": "vote_velocity_7d",
    "vote_acceleration": "vote_acceleration_7d",
    "viral_score_compat": "viral_coefficient_classic",
    "trend_category": "trend_category",
    "momentum_status": "momentum_status_1d",
}
VIRAL = {
    "history": "history",
    "vote_correction": "is_vote_count_corrected",
    "votes_3d": "votes_3d",
    "votes_3d_expected": "votes_3d_expected",
    "z_votes": "z_votes",
    "z_popularity": "z_popularity",
    "surge": "surge",
    "viral_score": "viral_coefficient",
    "is_alarm": "is_breakout_alarm",
    "vote_acceleration": "vote_acceleration_7d",
    "vote_acceleration_lo": "vote_acceleration_7d_low",
    "growth_7d": "popularity_growth_7d",
    "growth_z": "popularity_growth_z",
    "trend_class": "momentum_status",
}
"""Research's name -> column of movie_metrics_aggregated or movie_viral_signals.

Its vote_baseline is stored no more: votes_3d_expected is made of it.
"""

RESTATED = ("B2 ", "B3 ", "B11 ", "B12 ")
"""Cases whose numbers decision 0006 changed, by the beginning of their names.

The file has the old numbers, tests/sql/50_movie_viral_signals/hand_worked the new ones.
"""


CLASSES = ("momentum_status", "trend_category", "trend_class")


@pytest.fixture
def golden() -> tuple[date, list[Any]]:
    """Return day 0 and the cases."""
    if not GOLDEN.exists():
        pytest.skip("needs ../shared/reference/metrics-golden.json")
    content = json.loads(GOLDEN.read_text())
    return date.fromisoformat(content["epoch"]), content["cases"]


def test_the_compatible_metrics_are_those_worked_by_hand(
    sandbox: Sandbox, golden: tuple[date, list[Any]]
) -> None:
    epoch, all_cases = golden
    cases = [case for case in all_cases if case["compat"]]
    assert len(cases) == 8
    assert {case["day"] for case in cases} == {14}
    _land(sandbox, epoch, cases)
    today = epoch + timedelta(days=14)

    sandbox.compute(epoch, today)

    of_today = f"calculation_date = '{today}'"
    sandbox.publish(epoch, today)
    emerging = _by_movie(sandbox.rows("v_emerging_viral_trends"))
    metrics = _by_movie(sandbox.rows("movie_metrics_aggregated", of_today))
    snapshots = _by_movie(
        sandbox.rows("movie_daily_snapshots", f"snapshot_date = '{today}'")
    )
    for movie_id, case in enumerate(cases):
        of_movie = metrics[movie_id]
        found = {
            **{name: of_movie[column] for name, column in COMPATIBLE.items()},
            "vote_pct_7d": snapshots[movie_id]["vote_count_pct_change_7d"],
            "viral_category": _category(of_movie["viral_coefficient_classic"]),
            "is_emerging": movie_id in emerging,
        }
        assert {name: found[name] for name in case["compat"]} == _expected(
            case["compat"]
        ), case["name"]


def test_the_viral_signals_are_those_worked_by_hand(
    sandbox: Sandbox, golden: tuple[date, list[Any]]
) -> None:
    epoch, all_cases = golden
    today = epoch + timedelta(days=40)
    cases = [
        case
        for case in all_cases
        if case["viral"] and not case["name"].startswith(RESTATED)
    ]
    assert [case["name"].split()[0] for case in cases] == ["B5", "B6", "B8", "B9"]
    for movie_id, case in enumerate(cases):
        first = today - timedelta(days=case["day"])
        _land(sandbox, first, [case], movie_id)

    sandbox.compute(epoch, today)

    of_today = f"calculation_date = '{today}'"
    metrics = _by_movie(sandbox.rows("movie_metrics_aggregated", of_today))
    signals = _by_movie(sandbox.rows("movie_viral_signals", of_today))
    for movie_id, case in enumerate(cases):
        both = signals[movie_id] | metrics[movie_id]
        found = {
            **{name: both[column] for name, column in VIRAL.items()},
            "viral_category": _category(both["viral_coefficient"]),
        }
        wanted = {k: value for k, value in case["viral"].items() if k in found}
        assert {name: found[name] for name in wanted} == _expected(wanted), case["name"]


def _land(
    sandbox: Sandbox, epoch: date, cases: list[Any], first_movie_id: int = 0
) -> None:
    sandbox.load(
        "movie_details_raw",
        [
            _landed(movie_id, epoch, *row)
            for movie_id, case in enumerate(cases, start=first_movie_id)
            for row in case["rows"]
        ],
    )


def _landed(
    movie_id: int,
    epoch: date,
    day: int,
    popularity: float,
    votes: int,
    seconds: int = 0,
) -> dict[str, Any]:
    run_date = epoch + timedelta(days=day)
    fetched_at = datetime.combine(run_date, time(9, second=seconds), UTC)
    return {
        "run_id": "daily",
        "run_date": run_date,
        "batch_no": 1,
        "movie_id": movie_id,
        "popularity": popularity,
        "vote_count": votes,
        "fetched_at": fetched_at,
    }


def _by_movie(rows: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {row["movie_id"]: row for row in rows}


def _category(coefficient: float | None) -> str | None:
    """Check the classes of the views; their own cases test the bounds."""
    if coefficient is None:
        return None
    bounds = {80: "Extremely", 60: "Highly", 40: "Moderately", 20: "Slightly"}
    words = [word for bound, word in bounds.items() if coefficient >= bound]
    return f"{(words or ['Not'])[0]} Viral"


def _expected(worked: dict[str, Any]) -> dict[str, Any]:
    expected: dict[str, Any] = {}
    for name, value in worked.items():
        if value is None and name in CLASSES:
            expected[name] = "Insufficient history"
        elif isinstance(value, float):
            expected[name] = pytest.approx(value, rel=1e-9)
        else:
            expected[name] = value
    return expected
