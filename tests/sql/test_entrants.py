"""A new tracked movie: its first day is as complete as any other."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from functions.compute_metrics import checks
from local.tables import DATASET
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

TODAY = date(2026, 3, 20)
ENTRANT, NEIGHBOUR = 100, 101


def _days(count: int) -> Iterator[date]:
    return (TODAY - timedelta(days=n) for n in range(count))


def _export(movie_id: int, day: date, popularity: float, **more: Any) -> dict[str, Any]:
    return {
        "run_id": "history-2026-03-20",
        "export_date": day,
        "movie_id": movie_id,
        "popularity": popularity,
        "is_tracked": movie_id < ENTRANT,
        "loaded_at": datetime.combine(day, time(9), UTC),
        **more,
    }


def _details(movie_id: int, day: date, popularity: float) -> dict[str, Any]:
    return {
        "run_id": f"daily-{day}",
        "run_date": day,
        "batch_no": 1,
        "movie_id": movie_id,
        "title": f"Movie {movie_id}",
        "popularity": popularity,
        "vote_count": 100,
        "fetched_at": datetime.combine(day, time(9), UTC),
    }


def _land(sandbox: Sandbox) -> None:
    """Land 20 days: 30 movies are tracked throughout, one from the last day."""
    tracked = range(1, 31)
    exports = [_export(m, day, 50.0 + m) for day in _days(20) for m in tracked]
    exports += [_export(NEIGHBOUR, day, 3.0) for day in _days(20)]
    # From 1.2 to 44 within a week: 100 * (44 - 1.2) / 1.2 = 3,566.7 %.
    past = [_export(ENTRANT, day, 1.2) for day in _days(20) if day != TODAY]
    exports += [*past, _export(ENTRANT, TODAY, 44.0, is_tracked=True)]
    details = [_details(m, TODAY, 50.0 + m) for m in tracked]
    sandbox.load("movie_popularity_raw", exports)
    sandbox.load("movie_details_raw", [*details, _details(ENTRANT, TODAY, 44.0)])


def _compute_and_publish(sandbox: Sandbox) -> None:
    first = TODAY - timedelta(days=19)
    sandbox.compute(first, TODAY - timedelta(days=1))
    sandbox.compute(TODAY, TODAY)
    sandbox.publish(first, TODAY)


def test_an_entrant_shows_its_true_weekly_change_on_its_first_day(
    sandbox: Sandbox,
) -> None:
    _land(sandbox)
    _compute_and_publish(sandbox)
    [first, *_] = sandbox.select(
        f"SELECT * FROM {DATASET}.v_top_gaining_movies ORDER BY gaining_rank"
    )
    assert first["movie_id"] == ENTRANT
    assert first["weekly_pct_change"] == pytest.approx(100 * (44 - 1.2) / 1.2)
    # (6 x 1.2 + 44) / 7: the average of its week, too.
    assert first["popularity_7d_ma"] == pytest.approx((6 * 1.2 + 44) / 7)
    [score] = sandbox.rows("movie_viral_signals", f"movie_id = {ENTRANT}")
    assert score["history"] == "full"
    assert score["popularity_expected"] == pytest.approx(1.2)


def test_days_before_it_was_tracked_have_no_metrics_and_no_part_in_a_day(
    sandbox: Sandbox,
) -> None:
    _land(sandbox)
    _compute_and_publish(sandbox)
    snapshots = sandbox.rows("movie_daily_snapshots", f"movie_id >= {ENTRANT}")
    assert {row["movie_id"] for row in snapshots} == {ENTRANT}
    assert len(snapshots) == 20
    metrics = sandbox.rows("movie_metrics_aggregated", f"movie_id >= {ENTRANT}")
    assert [row["calculation_date"] for row in metrics] == [TODAY]
    days = {row["snapshot_date"]: row for row in sandbox.rows("catalogue_days")}
    assert days[TODAY]["movies_observed"] == 31
    assert days[TODAY - timedelta(days=1)]["movies_observed"] == 30
    found = sandbox.select(
        checks.as_one_query(checks.read()),
        from_date=TODAY - timedelta(days=19),
        to_date=TODAY,
    )
    failed = [row for row in found if row["check_name"] in ("orphan_rows", "freshness")]
    assert failed == []
