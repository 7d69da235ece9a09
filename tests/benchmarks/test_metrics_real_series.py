"""The behaviour of the scores on real movies, and measures on a series by hand."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from benchmarks.metrics import real_series
from benchmarks.metrics.computed import EARLIER, SHIPPED
from benchmarks.metrics.trends import against_the_percent

pytestmark = [
    pytest.mark.emulator,
    pytest.mark.exhaustive,
    pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning"),
]

FIRST = date(2026, 1, 1)
DAYS, RISER = 30, 1


def _write(path: Path) -> Path:
    """Write 30 constant movies, and one that triples on the last 3 days."""
    lines = ["date,tmdb_id,title,popularity,vote_count"]
    for day in range(DAYS):
        for movie in range(1, 31):
            is_risen = movie == RISER and day >= DAYS - 3
            popularity = 30 if is_risen else 10
            lines.append(f"{FIRST + timedelta(days=day)},{movie},x,{popularity},{day}")
    path.write_text("\n".join(lines))
    return path


def test_a_series_made_by_hand_is_measured(tmp_path: Path) -> None:
    series = real_series.read(_write(tmp_path / "series.csv"))
    assert series.first_day == FIRST
    assert series.popularity[RISER - 1, -4:].tolist() == [10, 30, 30, 30]
    assert series.votes[RISER - 1, -1] == DAYS - 1

    shares = real_series.measure(series)[SHIPPED]

    # On the first of the 3 days ln sqrt(3) is 3.6 units of noise; votes as expected
    # make 2.6 of it, no alarm. A level is known from the fourth day on.
    assert shares["movie-days with both scores"] == 30 * (DAYS - 3)
    assert shares["of them alarm, %"] == pytest.approx(100 * 2 / (30 * (DAYS - 3)))
    assert shares["alarm at >= +50 % in the week, %"] == pytest.approx(100 * 2 / 3)
    assert shares["alarm within 20 % in the week, %"] == 0
    assert shares["alarms at 1.5 x a day of two weeks, %"] == 100
    assert shares["word against the percent, %"] == 0
    assert shares["Stable at >= +100 %, %"] == 0


def test_a_word_for_up_beside_a_falling_week_is_against_it() -> None:
    words = np.array([["Rising", "Surging", "Falling", "Declining", "Stable"]])
    change = np.array([[-1.0, 0.0, 1.0, np.nan, -9.0]])
    assert against_the_percent(words, change).tolist() == [
        [True, False, True, False, False]
    ]


def test_on_the_real_series_it_sees_more_and_stands_stiller(real_data: Path) -> None:
    series = real_series.read(real_data / "tmdb-series-2026-01-02.csv")
    measured = real_series.measure(series)
    before, now = measured[EARLIER], measured[SHIPPED]
    assert now["word against the percent, %"] == 0
    assert now["Stable at >= +100 %, %"] < 2 < before["Stable at >= +100 %, %"]
    assert now["top 20 kept next day"] > before["top 20 kept next day"] + 0.05
    for row in (
        "alarm at >= +50 % in the week, %",
        "alarms at 1.5 x a day of two weeks, %",
    ):
        assert now[row] > before[row] + 10
