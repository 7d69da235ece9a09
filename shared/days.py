"""Which days are valid, and to which day a reading belongs. Pure.

A day is a UTC day. The caller passes `now`: our own clock's time where a message is
read, TMDB's where a reading is stored.
"""

from datetime import UTC, date, datetime, time, timedelta

FIRST_EXPORT = date(2017, 4, 28)
"""TMDB's first day of popularity: no earlier day can be requested.
https://developer.themoviedb.org/docs/popularity-and-trending"""

CLOCK_SKEW = timedelta(minutes=5)
"""How far the clocks of TMDB, Google and this process may differ; usually seconds."""

READING_GRACE = timedelta(hours=3)
"""How long after its day a run that crosses midnight may still read: the default of
RUN_DEADLINE_S."""


def newest_day(now: datetime) -> date:
    """Return the newest day that has begun on any clock; a later day is a mistake."""
    return (now + CLOCK_SKEW).date()


def days_of(first: date, last: date) -> list[date]:
    """Return every day of a range, both ends included; none if it is reversed."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def is_believable(moment: datetime, now: datetime) -> bool:
    """Return whether a time is plausible; 1970 and 9999 are not."""
    return moment.date() >= FIRST_EXPORT and moment - now <= CLOCK_SKEW


def is_reading_of(day: date, moment: datetime) -> bool:
    """Return whether what TMDB answered at a moment describes a day.

    sql/30_movie_daily_snapshots.sql has the same limits.
    """
    begin = datetime.combine(day, time(), UTC)
    return -CLOCK_SKEW <= moment - begin < timedelta(days=1) + READING_GRACE
