"""Made-up dashboards, for the page's tests and benchmark: any size, days and votes.

The numbers are those that the views would give only where a test looks: ranks follow
popularity, changes and averages follow the series, the lists follow their columns.
"""

import math
import re
from datetime import date, timedelta
from random import Random
from typing import Any

from functions.render_dashboard import links
from functions.render_dashboard.payload import Breakout, Dashboard, Movie
from shared import sql_files

NEWEST = date(2026, 6, 30)
GAP = (40, 41)
"""Days that are missing, counted from the first of 90."""
ODD_TITLES = [
    "قلب المدينة",
    "기생하는 여름",
    "🎬 Popcorn 🍿",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "Étoile d'Été",
    "A Very Long Title That Goes On and On and Does Not Fit in Any Column of Any Table",
    "Quotes \"and\" 'apostrophes' & ampersands",
]
_FIRST = ["Silent", "Golden", "Crimson", "Hidden", "Electric", "Paper", "Hollow"]
_SECOND = ["River", "Empire", "Orchard", "Harbor", "Machine", "Letter", "Summer"]
_GENRES = ["Action", "Adventure", "Animation", "Comedy", "Crime", "Documentary"]
_GENRES += ["Drama", "Family", "Fantasy", "Horror", "Romance", "Thriller"]


def thresholds() -> dict[str, float]:
    """Return metric_thresholds as its SQL file says it."""
    text = (sql_files.SQL / "10_metric_thresholds.sql").read_text()
    found = re.findall(r"^  (-?[\d.]+) AS (\w+)", text, re.MULTILINE)
    return {name: float(value) for value, name in found}


def dashboard(
    movies: int = 1_000, days: int = 90, vote_days: int = 30, seed: int = 7
) -> Dashboard:
    """Make up a day of movies, with a history of popularity and of votes."""
    random = Random(seed)
    dates = [str(NEWEST - timedelta(days=days - 1 - day)) for day in range(days)]
    gap = {day for day in GAP if day < days - 1}
    rows = [_movie(random, place, dates, gap, vote_days) for place in range(movies)]
    rows.sort(key=lambda row: -row["current_popularity"])
    for rank, row in enumerate(rows, 1):
        row["popularity_rank"] = rank
        row["peak_rank"] = min(rank, row["peak_rank"])
    ids = [row["movie_id"] for row in rows]
    changes = {
        row["movie_id"]: row["weekly_pct_change"]
        for row in rows
        if row["weekly_pct_change"] is not None and row["current_popularity"] >= 4
    }
    by_change = sorted(changes, key=lambda movie_id: -changes[movie_id])
    scored = [row for row in rows if (row["viral_coefficient"] or 0) >= 20]
    scored.sort(key=lambda row: -(row["viral_coefficient"] or 0))
    with_votes = [day for day in range(days - vote_days, days) if day not in gap]
    return {
        "header": {
            "popularity_date": dates[-1] if movies else None,
            "votes_date": dates[-1] if vote_days and movies else None,
            "days_with_votes": len([day for day in with_votes if day >= 0]),
            "fetched": movies and movies - 2,
            "expected": movies,
            "not_found": 2 if movies else 0,
            "coverage": 1.0 if movies else None,
            "built_at": "2026-06-30T09:24:05Z",
            "source": "made-up data",
        },
        "days": dates if movies else [],
        "movies": rows,
        "breakouts": [_breakout(row, dates) for row in scored[:12] if days > 8],
        "gaining": [each for each in by_change if changes[each] > 0][:100],
        "declining": [each for each in by_change[::-1] if changes[each] < 0][:100],
        "viral": [row["movie_id"] for row in scored[:100]],
        "emerging": [
            {
                "movie_id": movie_id,
                "last_updated": dates[-1],
                "vote_velocity_7d": 24.0 - place,
                "vote_acceleration_7d": 12.25 - place,
                "vote_acceleration_7d_low": 1.5,
                "vote_acceleration_7d_high": 20.5,
                "current_viral_score": 55.0,
                "viral_score_change_7d": 21.0,
            }
            for place, movie_id in enumerate(ids[:10] if vote_days >= 12 else [])
        ],
        "genres": [
            {
                "genre": genre,
                "movies": 40 + place,
                "weekly_pct_change_median": 9.0 - 2 * place if days > 7 else None,
                "viral_pct": 6.5 - place / 2,
                "votes_per_day_mean": 12.0 - place if vote_days > 7 else None,
                "breakouts": place % 3,
            }
            for place, genre in enumerate(_GENRES if movies else [])
        ],
        "cohorts": [_cohort(name, days) for name in _COHORTS if movies],
        "catalogue_days": [
            {
                "snapshot_date": each,
                "is_published": True,
                "has_votes": day in with_votes,
                "movies_observed": movies,
                "coverage": 0.97 if day == days - 9 else 1.0,
                "is_catalogue_shift": day == days - 20,
            }
            for day, each in enumerate(dates)
            if movies and day not in gap
        ],
        "runs": [
            {
                "run_id": f"daily-{each}",
                "mode": "daily",
                "run_date": each,
                "state": "PARTIAL" if place == 8 else "PUBLISHED",
                "expected": movies,
                "fetched": movies - 2,
                "not_found": 2,
                "failed": 0,
                "coverage": 1.0,
                "started_at": f"{each}T08:30:00Z",
                "ended_at": None if place == 19 else f"{each}T08:34:11Z",
            }
            for place, each in enumerate(reversed(dates[-20:]))
            if movies
        ],
        "findings": [
            {
                "check_name": "vote_decreases",
                "severity": "warn",
                "snapshot_date": dates[-5],
                "offending_rows": 52,
                "examples": ["movie 1003: 12 votes fewer than the day before"],
            }
        ]
        if movies and days > 5
        else [],
        "revisions": [
            {
                "list_name": "chart",
                "published_at": f"{dates[-1]}T09:20:00+00:00",
                "entered": 1,
                "gone": 1,
                "moved": 4,
            }
        ]
        if movies and days > 5
        else [],
        "outlook": {
            "outlooks": 28 * movies if days > 40 else 0,
            "inside_pct": 79.3 if days > 40 and movies else None,
            "days": [
                {
                    "snapshot_date": each,
                    "outlooks": movies,
                    "inside_pct": 79.3 + 6 * math.sin(day),
                }
                for day, each in enumerate(dates[-28:])
                if days > 40 and movies
            ],
        },
        "thresholds": thresholds(),
        "links": links.of_project("a-project", "", "tmdb_analytics"),
    }


_COHORTS = (
    "not yet released",
    "0-30 days",
    "31-90 days",
    "91-180 days",
    "more than 180 days",
)


def _cohort(name: str, days: int) -> Any:
    judged = 60 if days > 13 else 0
    shares = dict.fromkeys(("falling", "declining", "stable", "rising", "surging"))
    if judged:
        shares |= dict(zip(shares, (6.0, 14.0, 55.0, 18.0, 7.0), strict=True))
    return {
        "release_cohort": name,
        "movies": 64,
        "movies_judged": judged,
        "weekly_pct_change_median": 1.5 if judged else None,
    } | {f"{word}_pct": share for word, share in shares.items()}


def _movie(
    random: Random, place: int, dates: list[str], gap: set[int], vote_days: int
) -> Movie:
    days = len(dates)
    onset = random.randrange(days - 12, days) if random.random() < 0.03 else days
    is_sinking = random.random() < 0.08
    level = math.log(350 / (place + 1) ** 0.62 + 1.2)
    series: list[float | None] = []
    votes: list[float | None] = []
    drift = 0.0
    for day in range(days):
        drift = 0.98 * drift + random.gauss(0, 0.045)
        lift = 1.35 * (1 - math.exp((onset - day - 1) / 2.2)) if day >= onset else 0
        lift += 1.3 * math.exp((day - days) / 30) if is_sinking else 0
        popularity = round(math.exp(level + drift + lift), 3)
        is_known = day not in gap and (day == days - 1 or random.random() > 0.004)
        series.append(popularity if is_known else None)
        rate = popularity * 0.12
        fresh = max(0, round(random.gauss(rate, math.sqrt(rate))))
        votes.append(float(fresh) if is_known and day >= days - vote_days else None)
    return _row(random, place, dates, series, votes)


def _row(
    random: Random,
    place: int,
    dates: list[str],
    series: list[float | None],
    votes: list[float | None],
) -> Movie:
    popularity = series[-1]
    assert popularity is not None
    week_ago = next((p for p in series[-10:-7][::-1] if p), None)
    day_ago = next((p for p in series[-4:-1][::-1] if p), None)
    week = [p for p in series[-7:] if p is not None]
    change = 100 * (popularity / week_ago - 1) if week_ago else None
    growth = None if change is None else (1 + change / 100) ** 0.6
    counted = [v for v in votes if v is not None]
    seen = sum(counted[-3:]) if len(counted) > 3 else None
    expected = popularity / 3.2 if seen is not None else None
    z_votes = (
        None
        if seen is None or expected is None
        else max(-3.0, min(12.0, (seen - expected) / math.sqrt(expected + 0.7)))
    )
    before = [p for p in series[-40:-10] if p is not None]
    usual = math.exp(sum(map(math.log, before)) / len(before)) if before else None
    z_popularity = math.log(popularity / usual) / 0.2 if usual else None
    known = [z for z in (z_votes, z_popularity) if z is not None]
    surge = sum(known) / math.sqrt(len(known)) if known else None
    score = None if surge is None else 100 * (1 - 2 ** (-max(0.0, surge) / 4))
    released = NEWEST - timedelta(days=int(abs(random.gauss(0, 1)) ** 1.6 * 1800) - 20)
    title = f"{random.choice(_FIRST)} {random.choice(_SECOND)} {place}"
    if place % 9 == 4 and place // 9 < len(ODD_TITLES):
        title = ODD_TITLES[place // 9]
    velocity = [v for v in votes[-7:] if v is not None]
    return {
        "movie_id": 1_000 + place * 37,
        "title": title,
        "release_date": str(released) if place % 50 else None,
        "genres": random.sample(_GENRES, random.choice([1, 2, 3])),
        "current_popularity": popularity,
        "daily_pct_change": 100 * (popularity / day_ago - 1) if day_ago else None,
        "weekly_pct_change": change,
        "momentum_status": _momentum(growth),
        "popularity_7d_ma": sum(week) / len(week) if len(week) >= 4 else None,
        "popularity_outlook_7d": popularity if len(before) > 20 else None,
        "popularity_outlook_7d_low": popularity * 0.7 if len(before) > 20 else None,
        "popularity_outlook_7d_high": popularity * 1.6 if len(before) > 20 else None,
        "is_frozen": False,
        "popularity_rank": 0,
        "rank_change_1d": random.randrange(-4, 5) if day_ago else None,
        "rank_change_7d": round(change * 2) if change is not None else None,
        "peak_rank": place + 1,
        "peak_date": dates[len(dates) // 2],
        "days_on_chart": min(len(dates), 30),
        "is_new_entry": place % 23 == 5,
        "is_re_entry": place % 31 == 7,
        "current_vote_count": 40 * place if seen is not None else None,
        "vote_average": 6.6 if seen is not None else None,
        "avg_daily_votes_7d": sum(velocity) / 7 if len(velocity) == 7 else None,
        "engagement_level": "Low Engagement" if len(velocity) == 7 else None,
        "viral_coefficient": score,
        "virality_category": _category(score),
        "surge": surge,
        "votes_3d": seen,
        "votes_3d_expected": expected,
        "z_votes": z_votes,
        "surge_from_votes": None
        if z_votes is None
        else z_votes / math.sqrt(len(known)),
        "popularity_now": popularity if usual else None,
        "popularity_expected": usual,
        "expected_level": "weeks_before" if usual else None,
        "market_factor": 1.0 if usual else None,
        "z_popularity": z_popularity,
        "surge_from_popularity": (
            None if z_popularity is None else z_popularity / math.sqrt(len(known))
        ),
        "popularity_growth_factor_7d": growth,
        "popularity_growth_z": None if growth is None else math.log(growth) / 0.08,
        "not_in_top_viral_because": (
            None if (score or 0) >= 20 else "viral_coefficient is below 20"
        ),
        "not_in_top_gaining_because": None if (change or 0) > 0 else "it lost",
        "not_in_emerging_because": "votes do not speed up beyond chance",
        "popularity": series,
        "votes": votes,
    }


def _momentum(growth: float | None) -> str:
    if growth is None:
        return "Insufficient history"
    words = [
        (1.5, "Surging"),
        (1.17, "Rising"),
        (1 / 1.17, "Stable"),
        (0.66, "Declining"),
    ]
    return next((word for least, word in words if growth >= least), "Falling")


def _category(score: float | None) -> str:
    if score is None:
        return "Insufficient history"
    words = [(80, "Extremely"), (60, "Highly"), (40, "Moderately"), (20, "Slightly")]
    return next((word for least, word in words if score >= least), "Not") + " Viral"


def _breakout(row: Movie, dates: list[str]) -> Breakout:
    return {
        "movie_id": row["movie_id"],
        "started_on": dates[-5],
        "is_confirmed": row["movie_id"] % 2 == 0,
        "viral_coefficient": row["viral_coefficient"],
        "surge": row["surge"],
        "votes_3d": row["votes_3d"],
        "votes_3d_expected": row["votes_3d_expected"],
        "popularity_now": row["popularity_now"],
        "popularity_expected": row["popularity_expected"],
        "market_factor": row["market_factor"],
        "wikipedia_ratio": 2.5,
        "is_confirmed_by_wikipedia": row["movie_id"] % 2 == 0,
    }
