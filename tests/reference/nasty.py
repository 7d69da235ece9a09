"""Readings with all that goes wrong: gaps, outages, corrections, shifts, ties."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pandas as pd

FIRST = date(2026, 3, 1)
DAYS = 75
EXPORT_ONLY = {*range(5), *range(35, 39)}
RESCALED = {6: 1.3, 29: 1.35, 31: 1 / 1.35, 55: 0.6}
"""Day -> what the popularity of all is multiplied by from then on."""
CROWD = 48
"""Movies alike enough to be each other's cohort; the other 16 are special."""
MOVIES = CROWD + 16

(
    ZERO,
    CONSTANT,
    FADING,
    LATE,
    HIGH_ENTRY,
    WEEKLY,
    SOLD_OUT,
    BREAKOUT,
    TINY_BREAKOUT,
) = range(CROWD, CROWD + 9)
CLEANED, GLITCHING, RESTORED, GIANT, TINY, JITTER, HALF_KNOWN = range(CROWD + 9, MOVIES)
OUT_FOR_13_DAYS = {3, 4, 5, SOLD_OUT, WEEKLY}

type Reading = dict[str, Any]


def readings() -> pd.DataFrame:
    """Return what was read of the movies on the days."""
    return pd.DataFrame(
        reading for movie_id in range(MOVIES) for reading in _of_movie(movie_id)
    )


def _of_movie(movie_id: int) -> Iterator[Reading]:
    random = Random(1_000 + movie_id)
    born = {LATE: 50, HIGH_ENTRY: DAYS - 3}.get(movie_id, random.choice((0, 0, 0, 9)))
    level, rate = _level(movie_id, random)
    votes, before = _votes(movie_id, random), 0
    for day in range(DAYS):
        level *= random.uniform(0.94, 1.06) * RESCALED.get(day, 1)
        rate_today = (
            rate * (3 if day in (20, 60) else 1) * (1.4 if day % 7 < 2 else 0.9)
        )
        gained = math.floor(rate_today * random.uniform(0, 2) + random.random())
        popularity, gained = _today(movie_id, day, level, gained)
        before, votes = votes, _corrected(movie_id, day, votes + gained, before)
        if day < born or _is_out(movie_id, day, random):
            continue
        yield from _of_day(movie_id, day, round(popularity, 4), votes, random)


def _level(movie_id: int, random: Random) -> tuple[float, float]:
    """Return popularity and votes per day to start with."""
    special = {
        ZERO: (0, 0.2),
        CONSTANT: (7, 2),
        HIGH_ENTRY: (90, 30),
        GIANT: (300, 200),
        TINY: (0.3, 0.01),
        BREAKOUT: (3, 1),
        TINY_BREAKOUT: (0.6, 0.05),
    }
    return special.get(movie_id, (random.uniform(6, 17), random.uniform(1, 7)))


def _votes(movie_id: int, random: Random) -> int:
    special = {ZERO: 0, GIANT: 25_000, TINY: 2, TINY_BREAKOUT: 3, HIGH_ENTRY: 8}
    return special.get(movie_id, random.randrange(100, 500))


def _today(movie_id: int, day: int, level: float, gained: int) -> tuple[float, int]:
    """Return popularity and votes of the day, with what is special about the movie."""
    if movie_id == CONSTANT:
        return 7.0, gained
    if movie_id == FADING and 40 <= day < 60:
        return 0.0, gained
    if movie_id == BREAKOUT and 62 <= day < 70:
        return level * 1.6 ** (day - 61), gained + 40 * (day - 61)
    if movie_id == TINY_BREAKOUT and day >= 66:
        return level * 3, gained + 2
    if movie_id == JITTER:
        return level, day % 4 - 2
    return level, gained


def _corrected(movie_id: int, day: int, votes: int, before: int) -> int:
    """Return the counter after what TMDB did to it."""
    if movie_id == CLEANED and day in (45, 71):
        return votes * 7 // 10
    if movie_id == GLITCHING and day % 17 == 16:
        return 3
    if movie_id == GLITCHING and day % 17 == 0 and day:
        return before + 500 + day
    if movie_id == RESTORED and day in (50, 66):
        return votes - 60
    if movie_id == RESTORED and day in (53, 72):
        return votes + 40
    return votes


def _is_out(movie_id: int, day: int, random: Random) -> bool:
    """Return whether nothing was read."""
    if movie_id in OUT_FOR_13_DAYS and 52 <= day < 65:
        return True
    if movie_id == WEEKLY:
        return day % 7 != 3
    if movie_id in (CLEANED, GLITCHING, RESTORED):
        return random.random() < 0.08
    return random.random() < 0.18


def _of_day(
    movie_id: int, day: int, popularity: float, votes: int, random: Random
) -> Iterator[Reading]:
    """Return the readings of a day: export or details or both, some of them twice."""
    on = FIRST + timedelta(days=day)
    read_at = datetime.combine(on, time(9), UTC)
    reading: Reading = {
        "movie_id": movie_id,
        "snapshot_date": on,
        "source": "export",
        "popularity": popularity,
        "vote_count": None,
        "vote_average": None,
        "read_at": read_at,
    }
    if day in EXPORT_ONLY or random.random() < 0.8:
        yield reading
        if random.random() < 0.1:
            earlier = read_at - timedelta(hours=1)
            yield reading | {"popularity": popularity + 9, "read_at": earlier}
    if day in EXPORT_ONLY or random.random() < 0.1:
        return
    details = reading | {
        "source": "details",
        "popularity": round(popularity * random.uniform(0.97, 1.03), 4),
        "vote_count": votes,
        "vote_average": round(random.uniform(0, 10), 3),
        "read_at": read_at + timedelta(seconds=random.randrange(900)),
    }
    if movie_id == HALF_KNOWN and day % 3 == 0:
        details["popularity"] = None
    if movie_id == HALF_KNOWN and day % 3 == 1:
        details["vote_count"] = None
    yield details
    if random.random() < (0.7 if movie_id == HALF_KNOWN else 0.1):
        yield (
            details
            | {"popularity": 99.0, "vote_count": max(votes - 1, 0)}
            | (
                {"read_at": details["read_at"] - timedelta(seconds=5)}
                if random.random() < 0.5
                else {"popularity": details["popularity"]}
            )
        )
