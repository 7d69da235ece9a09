"""Tracking: what runs have found in; the movies that are tracked out.

A run lands what it found by a load job of its own, and sql/tracking takes it into
tracked_movies: of requests that work at the same time none loses what another wrote.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from functions.ingest_changes.plan import Selected
from shared import clock
from shared.interfaces import Tables
from shared.runs import Run

_SQL = Path(__file__).parents[2] / "sql/tracking"
TRACK = (_SQL / "track.sql").read_text()
RETIRE = (_SQL / "retire.sql").read_text()


def track(run: Run, selected: Sequence[Selected], tables: Tables) -> None:
    """Track what a run has selected; again changes nothing."""
    if not selected:
        return
    about = {"run_id": run.run_id, "run_date": run.run_date.isoformat()}
    loaded_at = {"loaded_at": clock.now().isoformat()}
    rows = (about | movie.to_row() | loaded_at for movie in selected)
    tables.load_once("tracked_movies_raw", rows, f"tracked_{run.run_id}")
    tables.execute(TRACK, from_date=run.run_date, to_date=run.run_date)


def retire(day: date, tables: Tables) -> None:
    """Track no more what has long been outside the top, or is gone."""
    tables.execute(RETIRE, to_date=day)


def active(tables: Tables) -> list[int]:
    """Return the tracked movies, the most popular first."""
    return [row["movie_id"] for row in tables.select(_ACTIVE)]


def retired(tables: Tables) -> list[int]:
    """Return the movies that were tracked and still exist at TMDB."""
    return [row["movie_id"] for row in tables.select(_RETIRED)]


def known(tables: Tables) -> frozenset[int]:
    """Return the movies that are or were tracked."""
    return frozenset(row["movie_id"] for row in tables.select(_KNOWN))


def selected_by(run: Run, tables: Tables) -> list[int]:
    """Return the most popular movies as a run has landed them, unless retired."""
    rows = tables.select(_SELECTED, run_id=run.run_id, run_date=run.run_date)
    return [row["movie_id"] for row in rows]


_ACTIVE = """
SELECT movie_id FROM tmdb_analytics.tracked_movies
WHERE retired_on IS NULL
ORDER BY rank IS NULL, rank, movie_id
"""

_RETIRED = """
SELECT movie_id FROM tmdb_analytics.tracked_movies
WHERE retired_on IS NOT NULL AND retired_reason != 'deleted at TMDB'
ORDER BY movie_id
"""

_KNOWN = "SELECT movie_id FROM tmdb_analytics.tracked_movies"

_SELECTED = """
SELECT selected.movie_id
FROM tmdb_analytics.tracked_movies_raw AS selected
INNER JOIN tmdb_analytics.tracked_movies AS tracked
  ON selected.movie_id = tracked.movie_id
WHERE selected.run_id = @run_id AND selected.run_date = @run_date
  AND selected.rank IS NOT NULL AND tracked.retired_on IS NULL
ORDER BY selected.rank
"""
