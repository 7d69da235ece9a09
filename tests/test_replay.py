"""A real series through the pipeline: 353 movies on 32 days of 2026, against pandas."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.messages import IngestRequest
from shared.runs import Mode, Run

pytestmark = [pytest.mark.emulator, pytest.mark.exhaustive]

LAST = date(2026, 2, 21)
SMALLEST_POPULARITY = 4.0
"""As metric_thresholds.top_list_min_popularity says."""


@pytest.fixture(scope="module")
def series(real_data: Path) -> pd.DataFrame:
    return pd.read_csv(real_data / "tmdb-series-2026-01-02.csv", parse_dates=["date"])


@pytest.fixture(scope="module")
def stack(
    series: pd.DataFrame, real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Run every day of the series as a daily run."""
    days = sorted(day.date() for day in series["date"].unique())
    csv = real_data / "tmdb-series-2026-01-02.csv"
    simulator = (f"--replay-series={csv}", f"--today={days[0]}")
    # The series has a part of the movies on each day. The others are not found, which
    # is no outage; their batches have the fewest delivery attempts.
    options = Options(
        {"MAX_DELIVERY_ATTEMPTS": "5"}, simulator=simulator, time_scale=0.001
    )
    with Stack(tmp_path_factory.mktemp("replay"), options) as run:
        for day in days:
            run.set_today(day)
            run.tick(IngestRequest(Mode.DAILY, day))
            wait_until_published(run.tables, [Run(Mode.DAILY, day).run_id], 120)
        yield run


def _scalar(stack: Stack, sql: str) -> int:
    [row] = stack.client.query_and_wait(sql)
    return int(row[0])


def test_every_movie_and_every_snapshot_arrives(stack: Stack) -> None:
    assert _scalar(stack, "SELECT COUNT(*) FROM tmdb_analytics.movies") == 353
    snapshots = "SELECT COUNT(*) FROM tmdb_analytics.movie_daily_snapshots"
    assert _scalar(stack, snapshots) == 4_037


def test_every_value_is_the_series_own(stack: Stack, series: pd.DataFrame) -> None:
    rows = stack.client.query_and_wait(
        "SELECT movie_id, snapshot_date, popularity, vote_count, vote_average "
        "FROM tmdb_analytics.movie_daily_snapshots"
    )
    stored = {tuple(row.values())[:2]: tuple(row.values())[2:] for row in rows}
    given = {
        (row["tmdb_id"], row["date"].date()): (
            row["popularity"],
            row["vote_count"],
            row["vote_average"],
        )
        for row in series.to_dict("records")
    }
    assert stored == given


def _gainers_by_pandas(series: pd.DataFrame) -> list[tuple[int, float]]:
    """Compute weekly percent changes straight from the series.

    The reference is the newest value 7 to 9 days before, scaled to 7 days.
    """
    today = series[series["date"] == pd.Timestamp(LAST)].set_index("tmdb_id")
    age = (pd.Timestamp(LAST) - series["date"]).dt.days
    before = series[age.between(7, 9)].sort_values("date")
    reference = before.groupby("tmdb_id").last()
    reference_age = (pd.Timestamp(LAST) - reference["date"]).dt.days
    change = 7 * (today["popularity"] - reference["popularity"]) / reference_age
    percent = (100 * change / reference["popularity"]).dropna()
    shown = percent[
        (percent > 0) & (today["popularity"].loc[percent.index] >= SMALLEST_POPULARITY)
    ]
    ranked = sorted(shown.items(), key=lambda item: (-item[1], item[0]))
    return [(int(str(movie_id)), float(value)) for movie_id, value in ranked[:100]]


def test_the_top_gainers_are_those_that_pandas_finds(
    stack: Stack, series: pd.DataFrame
) -> None:
    rows = stack.client.query_and_wait(
        "SELECT movie_id, weekly_pct_change FROM tmdb_analytics.v_top_gaining_movies "
        "ORDER BY weekly_pct_change DESC, movie_id"
    )
    found = [(row.movie_id, row.weekly_pct_change) for row in rows]
    expected = _gainers_by_pandas(series)
    assert len(expected) > 10
    assert [movie_id for movie_id, _ in found] == [movie_id for movie_id, _ in expected]
    assert [value for _, value in found] == pytest.approx(
        [value for _, value in expected], rel=1e-9
    )
