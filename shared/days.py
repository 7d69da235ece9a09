"""Days: which days there can be, and to which of them a reading belongs. Pure.

A day is a day in UTC. What is called `now` here comes from whoever asks: from our own
clock where a message comes in, from TMDB's answers where a reading is stored.
"""

from datetime import UTC, date, datetime, time, timedelta

FIRST_EXPORT = date(2017, 4, 28)
"""TMDB has kept popularity since this day, so no day before it can be asked for.
https://developer.themoviedb.org/docs/popularity-and-trending"""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of TMDB, Google and this process may differ; really seconds."""

READING_GRACE = timedelta(hours=3)
"""A run that crosses midnight may still read so long after its day; as long as a run
may take by default (RUN_DEADLINE_S)."""


def newest_day(now: datetime) -> date:
    """Return the newest day that has begun on some clock; later ones are mistakes."""
    return (now + CLOCK_SKEW).date()


def days_of(first: date, last: date) -> list[date]:
    """Return every day of a range, both ends included; none where it is reversed."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def is_believable(moment: datetime, now: datetime) -> bool:
    """Say whether something can have happened then; 1970 and 9999 are no such times."""
    return moment.date() >= FIRST_EXPORT and moment - now <= CLOCK_SKEW


def is_reading_of(day: date, moment: datetime) -> bool:
    """Say whether what TMDB answered at a moment describes a day.

    sql/30_movie_daily_snapshots.sql decides by the same limits.
    """
    begin = datetime.combine(day, time(), UTC)
    return -CLOCK_SKEW <= moment - begin < timedelta(days=1) + READING_GRACE
