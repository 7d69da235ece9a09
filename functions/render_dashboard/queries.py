"""Read the rows of sql/dashboard and convert them to the page's payload.

Every number of the page comes from a row of a query. This module converts rows to plain
JSON types, and gives a series an entry for every day.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

from functions.render_dashboard.payload import (
    Breakout,
    CatalogueDay,
    Cohort,
    Dashboard,
    Emerging,
    Finding,
    Genre,
    Header,
    Links,
    Movie,
    OutlookCoverage,
    Revision,
    Run,
)
from shared.days import days_of
from shared.interfaces import Parameter, Row, Tables
from shared.sql_files import SQL

DAYS_SHOWN = 90
DAYS_KEPT = 180
OUTLOOK_DAYS = 28
RUN_DAYS = 14
"""A run's state is read off the movies that it has landed: of 200,000 a day, 9 MB."""


_NEWEST = """
SELECT MAX(snapshot_date) AS snapshot_date
FROM tmdb_analytics.catalogue_days
WHERE is_published AND snapshot_date BETWEEN @from_date AND @to_date
"""


def newest_published(tables: Tables, first: date, last: date) -> date | None:
    """Return the newest published day of a range."""
    [row] = tables.select(_NEWEST, from_date=first, to_date=last)
    newest: date | None = row["snapshot_date"]
    return newest


def read(
    tables: Tables,
    today: date,
    now: datetime,
    source: str,
    links: Links | None = None,
) -> Dashboard:
    """Read everything that the page shows of the newest published day up to `today`.

    `now` is when the page is built, `source` whose data it is, `links` where to see
    more of them.
    """
    kept = _read(tables, "dashboard/days", today - timedelta(days=DAYS_KEPT), today)
    published = [row["snapshot_date"] for row in kept if row["is_published"]]
    newest = max(published, default=None)
    since = today - timedelta(days=RUN_DAYS - 1)
    runs = _read(tables, "dashboard/runs", since, today)
    [thresholds] = tables.select("SELECT * FROM tmdb_analytics.metric_thresholds")
    header = _header(kept, runs, now, source)
    if newest is None:
        return _nothing(header, runs, thresholds, links or {})
    first = max(min(published), newest - timedelta(days=DAYS_SHOWN - 1))
    days = days_of(first, newest)
    movies = _movies(tables, days)
    known = {movie["movie_id"] for movie in movies}
    lists: dict[str, list[int]] = {"gaining": [], "declining": [], "viral": []}
    for row in tables.select(_text("dashboard/lists")):
        if row["movie_id"] in known:
            lists[row["list"]].append(row["movie_id"])
    of_days = [row for row in kept if first <= row["snapshot_date"] <= newest]
    breakouts = _read(tables, "dashboard/breakouts", first, newest)
    emerging = tables.select(_text("dashboard/emerging"))
    month = newest - timedelta(days=OUTLOOK_DAYS - 1)
    return {
        "header": header,
        "days": [day.isoformat() for day in days],
        "movies": movies,
        # A movie that is no longer tracked has no page.
        "breakouts": [
            cast("Breakout", _plain(row))
            for row in breakouts
            if row["movie_id"] in known
        ],
        "gaining": lists["gaining"],
        "declining": lists["declining"],
        "viral": lists["viral"],
        "emerging": [
            cast("Emerging", _plain(row))
            for row in emerging
            if row["movie_id"] in known
        ],
        "genres": [
            cast("Genre", _plain(row))
            for row in tables.select(_text("queries/genre_performance"))
        ],
        "cohorts": [
            cast("Cohort", _plain(row))
            for row in tables.select(_text("queries/release_cohorts"))
        ],
        "catalogue_days": [cast("CatalogueDay", _plain(row)) for row in of_days],
        "runs": [cast("Run", _plain(row)) for row in runs],
        "findings": [
            cast("Finding", _plain(row))
            for row in _read(tables, "dashboard/findings", first, newest)
        ],
        "revisions": _revisions(
            _read(tables, "queries/chart_vintages", newest, newest)
        ),
        "outlook": _outlook(_read(tables, "dashboard/outlook", month, newest)),
        "thresholds": thresholds,
        "links": links or {},
    }


def _movies(tables: Tables, days: list[date]) -> list[Movie]:
    rows = tables.select(_text("dashboard/movies"))
    places = {day: place for place, day in enumerate(days)}
    nothing: list[float | None] = [None] * len(days)
    popularity = {row["movie_id"]: list(nothing) for row in rows}
    votes = {row["movie_id"]: list(nothing) for row in rows}
    for row in _read(tables, "dashboard/series", days[0], days[-1]):
        if (movie_id := row["movie_id"]) in popularity:
            place = places[row["snapshot_date"]]
            popularity[movie_id][place] = row["popularity"]
            votes[movie_id][place] = row["vote_count_change_1d"]
    return [
        cast(
            "Movie",
            _plain(row)
            | {
                "popularity": popularity[row["movie_id"]],
                "votes": votes[row["movie_id"]],
            },
        )
        for row in rows
    ]


def _header(
    days: Iterable[Row], runs: Iterable[Row], now: datetime, source: str
) -> Header:
    published = [row for row in days if row["is_published"]]
    with_votes = [row for row in published if row["has_votes"]]
    newest = max(published, key=_day, default=None)
    run: Row = next((row for row in runs if row["mode"] in ("daily", "initial")), {})
    return {
        "popularity_date": newest["snapshot_date"].isoformat() if newest else None,
        "votes_date": max(map(_day, with_votes)).isoformat() if with_votes else None,
        "days_with_votes": len(with_votes),
        "fetched": run.get("fetched"),
        "expected": run.get("expected"),
        "not_found": run.get("not_found"),
        "coverage": newest["coverage"] if newest else None,
        "built_at": now.astimezone(UTC).isoformat(timespec="seconds"),
        "source": source,
    }


def _nothing(
    header: Header, runs: Iterable[Row], thresholds: dict[str, Any], links: Links
) -> Dashboard:
    """Return the page before the first published day."""
    return {
        "header": header,
        "days": [],
        "movies": [],
        "breakouts": [],
        "gaining": [],
        "declining": [],
        "viral": [],
        "emerging": [],
        "genres": [],
        "cohorts": [],
        "catalogue_days": [],
        "runs": [cast("Run", _plain(row)) for row in runs],
        "findings": [],
        "revisions": [],
        "outlook": {"outlooks": 0, "inside_pct": None, "days": []},
        "thresholds": thresholds,
        "links": links,
    }


def _revisions(rows: Iterable[Row]) -> list[Revision]:
    return [
        {
            "list_name": row["list_name"],
            "published_at": row["published_at"].isoformat(timespec="seconds"),
            "entered": row["entered"],
            "gone": row["gone"],
            "moved": row["moved"],
        }
        for row in rows
        if row["entered"] is not None
    ]


def _outlook(rows: list[dict[str, Any]]) -> OutlookCoverage:
    return {
        "outlooks": rows[0]["outlooks_of_all"] if rows else 0,
        "inside_pct": rows[0]["outlooks_inside_pct_of_all"] if rows else None,
        "days": [
            {
                "snapshot_date": row["snapshot_date"].isoformat(),
                "outlooks": row["outlooks"],
                "inside_pct": row["outlooks_inside_pct"],
            }
            for row in rows
        ],
    }


def _read(
    tables: Tables, name: str, from_date: date, to_date: date
) -> list[dict[str, Any]]:
    days: dict[str, Parameter] = {"from_date": from_date, "to_date": to_date}
    return tables.select(_text(name), **days)


def _text(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def _day(row: Row) -> date:
    day: date = row["snapshot_date"]
    return day


def _plain(row: Row) -> dict[str, Any]:
    """Return a row in JSON's types: days and moments as ISO texts."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in row.items()
    }
