"""Compute the rows of small tables from those of large ones.

A publication computes them after the large tables. Here Google's reference
implementation runs the same statements on the rows of a case.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from shared import first_days, sql_files
from shared.sql_files import Statement
from tests.sql.googlesql import body, googlesql

LATEST = "latest_movie_metrics"
SMALL = {"leading_movie_days", "movie_breakouts", "outlook_days", LATEST}
"""Tables that the page and the views read instead of larger ones."""


def add_small(file: Statement, tables: dict[str, list[dict[str, Any]]]) -> None:
    """Add the rows of SMALL tables that a file reads, computed from the given rows."""
    missing = _read_by(file) & SMALL - tables.keys()
    stored = tables | _with_each_other(tables)
    days = [
        day
        for rows in tables.values()
        for row in rows
        for column in ("snapshot_date", "calculation_date")
        if (day := row.get(column))
    ]
    for statement in sql_files.daily():
        made = statement.name[3:]
        if made in missing and days:
            of_days = {"from_date": min(days), "to_date": max(days)}
            of_days |= earliest_days(statement.sql, min(days))
            tables[made] = googlesql().select(body(statement.sql), stored, **of_days)
    if LATEST in missing:
        published = [
            day
            for day in tables.get("catalogue_days", [])
            if day["is_published"] and day["snapshot_date"] <= datetime.now(UTC).date()
        ]
        newest = {
            "newest_day": max(
                (day["snapshot_date"] for day in published), default=None
            ),
            "newest_day_with_votes": max(
                (day["snapshot_date"] for day in published if day.get("has_votes")),
                default=None,
            ),
        }
        tables[LATEST] = googlesql().select(
            body(sql_files.of_folder("gate")[LATEST]), stored, **newest
        )


def earliest_days(sql: str, from_date: date) -> dict[str, date]:
    """Return the earliest first days, by sql/windows, that a statement reads from."""
    return {
        name: from_date - timedelta(first_days.most_days_before(window))
        for name, window in first_days.named_in(sql, sql_files.windows()).items()
    }


def _with_each_other(
    tables: Mapping[str, list[dict[str, Any]]],
) -> dict[str, list[dict[str, Any]]]:
    """Return snapshots and metrics, each with the rows that the other implies.

    A case names what its file is about; a computation writes both of a movie and day.
    """
    snapshots = tables.get("movie_daily_snapshots", [])
    metrics = tables.get("movie_metrics_aggregated", [])
    measured = {(row["movie_id"], row["calculation_date"]) for row in metrics}
    observed = {(row["movie_id"], row["snapshot_date"]): row for row in snapshots}
    return {
        "movie_daily_snapshots": [
            *snapshots,
            *(
                {
                    "movie_id": row["movie_id"],
                    "snapshot_date": row["calculation_date"],
                    "popularity": row.get("popularity"),
                }
                for row in metrics
                if (row["movie_id"], row["calculation_date"]) not in observed
            ),
        ],
        "movie_metrics_aggregated": [
            *(
                {"vote_count": observed.get(of, {}).get("vote_count")} | row
                for row in metrics
                for of in [(row["movie_id"], row["calculation_date"])]
            ),
            *(
                {
                    "movie_id": row["movie_id"],
                    "calculation_date": row["snapshot_date"],
                    "vote_count": row.get("vote_count"),
                }
                for row in snapshots
                if row.get("is_tracked") is not False
                and (row["movie_id"], row["snapshot_date"]) not in measured
            ),
        ],
    }


@cache
def _read_by(file: Statement) -> frozenset[str]:
    """Return the tables and views that a file reads, through its views."""
    views = {view.name: view for view in sql_files.views()}
    left = [file]
    found: set[str] = set()
    while left:
        for named in left.pop().reads_or_makes - found:
            found.add(named)
            if named in views:
                left.append(views[named])
    return frozenset(found)
