"""The class of the week, from readings to the row with its percent."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

TODAY = date(2026, 3, 20)


def _today(sandbox: Sandbox, before: float, *newest: float) -> dict[str, Any]:
    """Read a movie at one popularity for 20 days, then at others; compute today."""
    popularity = [*[before] * 20, *newest]
    first = TODAY - timedelta(days=len(popularity) - 1)
    days = [first + timedelta(days=n) for n in range(len(popularity))]
    sandbox.load(
        "movie_popularity_raw",
        [
            {
                "run_id": "history",
                "export_date": day,
                "movie_id": 1,
                "popularity": value,
                "is_tracked": True,
                "loaded_at": datetime.combine(day, time(9), UTC),
            }
            for day, value in zip(days, popularity, strict=True)
        ],
    )
    sandbox.compute(first, TODAY)
    [row] = sandbox.rows("movie_metrics_aggregated", f"calculation_date = '{TODAY}'")
    return row


@pytest.mark.parametrize(
    ("before", "newest"),
    [
        # Held for 2 days: growth ln 3.32 = 1.200, noise 0.13 sqrt(1 + 4 / 2.5) = 0.210:
        # 5.7 units of it. On the first day half the growth, ln sqrt(3.32): 2.9 units.
        (2.5, (8.3, 8.3)),
        (2.5, (8.3,)),
        # The smallest for which one day is enough: 0.600 / (0.13 sqrt(1 + 4 / p)) = 2.3
        # at p = 1.322; for two days 1.200 / ... at p = 0.265.
        (1.33, (4.4156,)),
        (0.27, (0.8964, 0.8964)),
    ],
)
def test_a_movie_at_232_percent_in_the_week_is_not_called_stable(
    sandbox: Sandbox, before: float, newest: tuple[float, ...]
) -> None:
    row = _today(sandbox, before, *newest)
    assert row["popularity_wow_pct_change"] == pytest.approx(232)
    assert row["momentum_status"] == "Surging"


@pytest.mark.parametrize(
    ("before", "newest"), [(1.31, (4.3492,)), (0.26, (0.8632, 0.8632))]
)
def test_below_that_232_percent_are_within_a_small_titles_noise(
    sandbox: Sandbox, before: float, newest: tuple[float, ...]
) -> None:
    row = _today(sandbox, before, *newest)
    assert row["popularity_wow_pct_change"] == pytest.approx(232)
    assert row["momentum_status"] == "Stable"


@pytest.mark.parametrize(
    ("newest", "percent"),
    [
        # Two days at 30 and 9.9: the mean level is up by ln 1.72, 3.5 units, and the
        # day itself is below last week's.
        ((30.0, 9.9), -1.0),
        ((3.0, 10.1), 1.0),
        ((30.0, 10.0), 0.0),
    ],
)
def test_no_word_contradicts_the_sign_of_the_percent_beside_it(
    sandbox: Sandbox, newest: tuple[float, ...], percent: float
) -> None:
    row = _today(sandbox, 10, *newest)
    assert row["popularity_wow_pct_change"] == pytest.approx(percent)
    assert row["momentum_status"] == "Stable"
