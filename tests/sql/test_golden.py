"""The hand-worked tables of the metrics research; skipped where they are absent."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

GOLDEN = Path(__file__).parents[3] / "shared/reference/metrics-golden.json"
METRICS = {
    "popularity_change_1d": "popularity_change_1d",
    "popularity_pct_1d": "popularity_pct_change_1d",
    "popularity_ma_7d": "popularity_7d_ma",
    "popularity_change_7d": "popularity_wow_change",
    "popularity_pct_7d": "popularity_wow_pct_change",
    "vote_velocity_7d": "vote_velocity_7d",
    "vote_acceleration": "vote_acceleration_7d",
    "viral_score_compat": "viral_coefficient",
    "trend_category": "trend_category",
}
"""Research's name -> column of movie_metrics_aggregated."""


@pytest.fixture
def golden() -> tuple[date, list[Any]]:
    """Return day 0 and the cases of compatible metrics, all of one day."""
    if not GOLDEN.exists():
        pytest.skip("needs ../shared/reference/metrics-golden.json")
    content = json.loads(GOLDEN.read_text())
    cases = [case for case in content["cases"] if case["compat"]]
    assert {case["day"] for case in cases} == {14}
    return date.fromisoformat(content["epoch"]), cases


def test_the_compatible_metrics_are_those_worked_by_hand(
    sandbox: Sandbox, golden: tuple[date, list[Any]]
) -> None:
    epoch, cases = golden
    sandbox.load(
        "movie_details_raw",
        [
            _landed(movie_id, epoch, *row)
            for movie_id, case in enumerate(cases)
            for row in case["rows"]
        ],
    )
    today = epoch + timedelta(days=14)

    sandbox.compute(epoch, today)

    of_today = f"calculation_date = '{today}'"
    metrics = _by_movie(sandbox.rows("movie_metrics_aggregated", of_today))
    snapshots = _by_movie(
        sandbox.rows("movie_daily_snapshots", f"snapshot_date = '{today}'")
    )
    latest = _by_movie(sandbox.rows("v_latest_popularity_metrics"))
    scores = _by_movie(sandbox.rows("v_viral_coefficient_scores", of_today))
    emerging = _by_movie(sandbox.rows("v_emerging_viral_trends"))
    for movie_id, case in enumerate(cases):
        found = {
            **{name: metrics[movie_id][column] for name, column in METRICS.items()},
            "vote_pct_7d": snapshots[movie_id]["vote_count_pct_change_7d"],
            "momentum_status": latest[movie_id]["momentum_status"],
            "viral_category": scores.get(movie_id, {}).get("virality_category"),
            "is_emerging": movie_id in emerging,
        }
        assert {name: found[name] for name in case["compat"]} == {
            name: _expected(name, value) for name, value in case["compat"].items()
        }, case["name"]


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


def _expected(name: str, value: object) -> object:
    if value is None and name in ("momentum_status", "trend_category"):
        return "Insufficient history"
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
