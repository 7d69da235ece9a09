"""Days: which there can be, and to which of them a reading belongs."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from shared.days import (
    CLOCK_SKEW,
    FIRST_EXPORT,
    READING_GRACE,
    is_believable,
    is_reading_of,
    newest_day,
)

ROOT = Path(__file__).parents[2]
DAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_the_newest_day_is_todays_until_another_clock_may_have_passed_midnight() -> (
    None
):
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    assert newest_day(midnight - CLOCK_SKEW - timedelta(seconds=1)) == DAY
    assert newest_day(midnight - CLOCK_SKEW) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("moment", "is_so"),
    [
        (NOW, True),
        (NOW + CLOCK_SKEW, True),
        (NOW + CLOCK_SKEW + timedelta(seconds=1), False),
        (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (datetime(2017, 4, 28, tzinfo=UTC), True),
        (datetime(2017, 4, 27, 23, 59, tzinfo=UTC), False),
    ],
)
def test_a_moment_is_believed_from_the_first_export_to_now(
    *, moment: datetime, is_so: bool
) -> None:
    assert is_believable(moment, NOW) is is_so


@pytest.mark.parametrize(
    ("moment", "is_so"),
    [
        (datetime(2026, 2, 28, 23, 54, 59, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 23, 55, tzinfo=UTC), True),  # a slow clock
        (datetime(2026, 3, 1, tzinfo=UTC), True),
        (datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 2, 59, 59, tzinfo=UTC), True),  # after midnight
        (datetime(2026, 3, 2, 3, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 9, tzinfo=UTC), False),  # replayed on D+5
    ],
)
def test_a_reading_belongs_to_its_day_and_to_the_hours_after_midnight(
    *, moment: datetime, is_so: bool
) -> None:
    assert is_reading_of(DAY, moment) is is_so


def test_the_first_and_the_last_day_of_the_calendar_are_no_crash() -> None:
    assert not is_reading_of(date.max, NOW)
    assert not is_reading_of(date.min, NOW)
    assert date.min < FIRST_EXPORT


def test_the_snapshots_of_a_day_are_made_of_its_own_readings() -> None:
    """Python, which stores rows, and SQL, which counts them, have the same limits."""
    sql = (ROOT / "sql/30_movie_daily_snapshots.sql").read_text()
    whole_day = timedelta(days=1) + READING_GRACE
    hours, minutes = whole_day // timedelta(hours=1), CLOCK_SKEW // timedelta(minutes=1)
    assert (
        f"TIMESTAMP_SUB(TIMESTAMP(run_date, 'UTC'), INTERVAL {minutes} MINUTE)" in sql
    )
    assert f"TIMESTAMP_ADD(TIMESTAMP(run_date, 'UTC'), INTERVAL {hours} HOUR)" in sql
