"""Series with every disturbance: gaps, outages, corrections, shifts, ties.

48 movies are similar enough to be each other's cohort, 42 hardly change. After them
come some of every special kind; the kinds are defined in one place below.
"""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

import pandas as pd

FIRST = date(2026, 3, 1)
DAYS = 75
EXPORT_ONLY = {*range(5), *range(35, 39)}
HARDLY_READ = {2, 48}
RESCALED = {6: 1.3, 29: 1.22, 31: 1 / 1.35, 46: 1.17, 55: 0.6}
"""Day -> factor of the popularity of nearly all movies from that day on."""
BUSY = dict.fromkeys((20, 21, 22), 4) | dict.fromkeys((41, 42, 43), 0.1) | {60: 3}
"""Day -> factor of all votes."""

KINDS = (
    *("crowd",) * 48,
    *("still",) * 42,
    *("spark",) * 9,
    *("jumpy",) * 4,
    *("zero", "constant", "fading", "late", "high entry", "weekly", "sold out"),
    *("breakout", "cleaned", "glitching", "restored", "giant", "tiny", "jitter"),
    *("half known", "half known", "sleeper", "sparse", "large edges", "small edges"),
    *("alarmed by votes", "alarmed by popularity"),
)
BORN = {"late": 50, "high entry": DAYS - 4}
STEADY = {"constant", "alarmed by votes", "alarmed by popularity"}
LEVEL = {
    "zero": 0,
    "alarmed by votes": 1,
    "alarmed by popularity": 1,
    "constant": 7,
    "high entry": 90,
    "giant": 300,
    "tiny": 0.3,
}
VOTES = {
    "zero": 0,
    "still": 6,
    "spark": 12,
    "giant": 25_000,
    "tiny": 2,
    "high entry": 8,
}
RATE = {
    "zero": 0.2,
    "spark": 0.2,
    "still": 0.002,
    "alarmed by votes": 0,
    "alarmed by popularity": 0,
    "giant": 200,
    "tiny": 0.01,
    "high entry": 30,
    "jumpy": 50,
}
READ_ON = {
    "sleeper": {*range(28), 57, 58, 59},
    "sparse": {*range(12), 20, 29, 39, 50, 58, 59, 60, 70, 71},
    "weekly": set(range(3, DAYS, 7)),
    "large edges": set(range(DAYS)),
    "small edges": set(range(DAYS)),
    "high entry": set(range(DAYS)),
    "alarmed by votes": set(range(DAYS)),
    "alarmed by popularity": set(range(DAYS)),
}
EDGES = {
    "large edges": {30: -60, 31: 60, 36: -61, 37: 31, 46: -1_000, 47: 500, 57: -2_000}
    | {58: 40, 59: 900, 64: -900, 71: 450},
    "small edges": {14: -2, 15: 2, 24: -3, 25: 1, 32: -3, 33: 2, 44: -3, 50: 3}
    | {56: -4, 57: 2, 66: -3, 71: 8},
}
"""Steps of the counter at the bounds of what is a correction; it starts at 30,000 (100)
and is still otherwise."""
ALARMED = {
    "alarmed by votes": {50: (1.0, 5), 51: (3.9, 0)},
    "alarmed by popularity": {51: (4.5, 0)},
}
"""Day -> popularity and votes gained; on day 51 without details."""
SCRIPTED = {*EDGES, *ALARMED}

type Reading = dict[str, Any]


def readings() -> pd.DataFrame:
    """Return the readings of the movies on the days."""
    return pd.DataFrame(
        reading
        for movie_id, kind in enumerate(KINDS)
        for reading in _of_movie(movie_id, kind)
    )


def _of_movie(movie_id: int, kind: str) -> Iterator[Reading]:
    random = Random(1_000 + movie_id)
    born = BORN.get(kind, random.choice((0, 0, 0, 9)) if kind == "crowd" else 0)
    start = {
        "spark": random.uniform(1.05, 1.4),
        "still": random.uniform(0.2, 0.5),
        "jumpy": random.uniform(15, 60),
        "breakout": 3,
    }
    level = LEVEL.get(kind, start.get(kind, random.uniform(6, 17)))
    rate = RATE.get(kind, random.uniform(1, 7))
    edges = {"large edges": 30_000, "small edges": 100}
    votes = VOTES.get(kind, edges.get(kind, random.randrange(100, 500)))
    spark = 0
    for day in range(DAYS):
        unrest = {"jumpy": 0.2, "still": 0.001}.get(kind, 0.06)
        if kind not in STEADY:
            level *= random.uniform(1 - unrest, 1 + unrest)
            level *= RESCALED.get(day, 1) if kind != "still" else 1
        if kind == "still" and 0 <= day - 40 - movie_id % 30 < 3:
            level *= 1.045
        rate_today = rate * BUSY.get(day, 1) * (1.4 if day % 7 < 2 else 0.9)
        gained = math.floor(rate_today * random.uniform(0, 2) + random.random())
        if kind == "spark":
            spark = spark - 1 if spark > -4 else random.choice((-9, 1, 2, 4))
            gained += random.randrange(1, 4) if spark > 0 else 0
        popularity, gained = _today(kind, day, level, gained)
        if spark > 0:
            popularity *= random.choice((3, 4, 4, 150))
        votes = _corrected(kind, day, votes, gained, random)
        if day >= born and _is_read(kind, day, random):
            yield from _of_day(movie_id, day, round(popularity, 4), votes, random)


def _today(kind: str, day: int, level: float, gained: int) -> tuple[float, int]:
    """Return popularity and votes of the day, with the disturbances of the kind."""
    if kind == "fading" and 40 <= day < 60:
        return 0.0, gained
    if kind == "breakout" and 62 <= day < 70:
        return level * 1.6 ** (day - 61), gained + 40 * (day - 61)
    if kind in ALARMED:
        return ALARMED[kind].get(day, (level, 0))
    if kind == "jitter":
        return level, day % 4 - 2
    if kind in EDGES:
        return level, EDGES[kind].get(day, 0)
    return level, gained


def _corrected(kind: str, day: int, votes: int, gained: int, random: Random) -> int:
    """Return the vote counter after TMDB's corrections."""
    if kind == "cleaned" and day % 12 == 10:
        return votes * random.randrange(60, 100) // 100
    if kind == "glitching" and day % 17 == 16:
        return 3
    if kind == "glitching" and day % 17 == 0 and day:
        return 500 + day
    if kind == "restored" and day % 9 == 5:
        return votes - 60
    if kind == "restored" and day % 9 == 8:
        return votes + random.randrange(15, 50)
    return votes + gained


def _is_read(kind: str, day: int, random: Random) -> bool:
    if kind in READ_ON:
        return day in READ_ON[kind]
    if kind == "sold out" and 52 <= day < 65:
        return False
    missing = 0.08 if kind in ("cleaned", "glitching", "restored") else 0.2
    return random.random() > (0.85 if day in HARDLY_READ else missing)


def _of_day(
    movie_id: int, day: int, popularity: float, votes: int, random: Random
) -> Iterator[Reading]:
    """Return the readings of a day: export or details or both, some of them twice."""
    kind, on = KINDS[movie_id], FIRST + timedelta(days=day)
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
    is_half_known = kind == "half known"
    is_export_only = day in EXPORT_ONLY or (kind in ALARMED and day == 51)
    if is_export_only or random.random() < (0.3 if is_half_known else 0.8):
        yield reading
        if random.random() < 0.1:
            earlier = read_at - timedelta(hours=1)
            yield reading | {"popularity": popularity + 9, "read_at": earlier}
    if is_export_only or (random.random() < 0.1 and kind not in SCRIPTED):
        return
    details = reading | {
        "source": "details",
        "popularity": round(popularity * random.uniform(0.97, 1.03), 4),
        "vote_count": votes,
        "vote_average": round(random.uniform(0, 10), 3),
        "read_at": read_at + timedelta(seconds=random.randrange(900)),
    }
    if is_half_known and day % 3 == 0:
        details["popularity"] = None
    if is_half_known and day % 3 == 1:
        details["vote_count"] = None
    yield details
    if random.random() < 0.15:
        earlier = details["read_at"] - timedelta(seconds=5)
        yield details | random.choice(
            (
                {"popularity": 99.0, "vote_count": votes + 7, "read_at": earlier},
                {"popularity": 99.0, "vote_count": max(votes - 1, 0)},
                {"popularity": popularity * 0.9},
                {"vote_average": 10.0, "read_at": earlier},
            )
        )
