"""Update the tracked movies from what the runs have found.

A run lands what it found with a load job of its own, and a statement of sql/tracking
merges it into tracked_movies: concurrent requests do not overwrite each other.
"""

from collections.abc import Sequence
from datetime import date

from functions.ingest_changes.plan import Selected
from shared import clock, sql_files
from shared.interfaces import Tables
from shared.runs import Run

MOST_POPULAR_SHARE, MOST_MOVED_SHARE = 3 / 4, 1 / 8
"""Of the details of a day, where they are fewer than the tracked movies. Votes grow by
days in a row, so most go to the same movies each day; the last eighth goes round."""

_STATEMENTS = sql_files.of_folder("tracking")


def track(run: Run, selected: Sequence[Selected], tables: Tables) -> None:
    """Track what a run has selected or landed; a repetition changes nothing."""
    about = {"run_id": run.run_id, "run_date": run.run_date.isoformat()}
    loaded_at = {"loaded_at": clock.now().isoformat()}
    rows = (about | movie.to_row() | loaded_at for movie in selected)
    if selected:
        tables.load_once("tracked_movies_raw", rows, f"tracked_{run.run_id}")
    tables.execute(_STATEMENTS["track"], from_date=run.run_date, to_date=run.run_date)


def select_all(run: Run, export_date: date, tables: Tables) -> None:
    """Select every movie that a run has landed of an export; again adds nothing."""
    tables.execute(
        _STATEMENTS["select_all"],
        run_id=run.run_id,
        run_date=run.run_date,
        export_date=export_date,
    )


def details(run_date: date, most: int, tables: Tables) -> list[int]:
    """Return the movies whose details are fetched: all tracked ones, or `most`."""
    rows = tables.select(
        _STATEMENTS["details"],
        run_date=run_date,
        details_per_day=most,
        most_popular=int(most * MOST_POPULAR_SHARE),
        most_moved=int(most * MOST_MOVED_SHARE),
    )
    return [row["movie_id"] for row in rows]


def count(run_date: date, tables: Tables) -> int:
    """Count the tracked movies that the day's export should have."""
    [row] = tables.select(_STATEMENTS["count"], run_date=run_date)
    return int(row["movies"])


def retire(day: date, tables: Tables) -> None:
    """Retire movies that have long been outside the top, or were deleted."""
    tables.execute(_STATEMENTS["retire"], to_date=day)


def active(tables: Tables) -> list[int]:
    """Return the tracked movies, the most popular first."""
    return [row["movie_id"] for row in tables.select(_STATEMENTS["active"])]


def retired(tables: Tables) -> list[int]:
    """Return the movies that were tracked and still exist at TMDB."""
    return [row["movie_id"] for row in tables.select(_STATEMENTS["retired"])]


def known(tables: Tables) -> frozenset[int]:
    """Return the movies that are or were tracked."""
    return frozenset(row["movie_id"] for row in tables.select(_STATEMENTS["known"]))


def selected_by(run: Run, tables: Tables) -> list[int]:
    """Return the most popular movies that a run has landed, without retired ones."""
    rows = tables.select(
        _STATEMENTS["selected_by"], run_id=run.run_id, run_date=run.run_date
    )
    return [row["movie_id"] for row in rows]
