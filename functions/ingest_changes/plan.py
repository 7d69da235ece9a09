"""Decide, from what TMDB lists and exports, what a run selects and which days it reads.

Pure. Which movies are tracked is decided by sql/tracking, from what all runs have
found.
"""

import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from shared.days import days_of
from shared.interfaces import ChangedMovie, ListedMovie
from shared.runs import ExportDay

LARGEST_DISCOVER = 8_000
"""More movies than this are chosen from the export: discover ends at 10,000 rows, and
20 % more pages are read than needed."""

EDITS_LISTED_DAYS = 14
"""Days of edits that are read at most: TMDB's longest window."""

EXPORTS_KEPT_DAYS = 90
"""TMDB keeps about 3 months of daily exports, including today's."""

MOST_EXPORT_REQUESTS = 3
"""Maximum number of requests for one export day. A file that is available but not
loaded after 3 requests is damaged: an operator can load it by tmdb-traction backfill.
"""

BAND_FACTOR = 5
"""Popularity is kept for this many times the tracked number, so that a newly tracked
movie has a history. With 1,000 tracked, rank 5,000 is below the smallest popularity in
the top lists (4.0, about rank 4,000), so a movie from further out had hardly any."""

LARGEST_BAND_OUTSIDE = 100_000
"""Maximum number beyond the tracked ones."""


@dataclass(frozen=True, slots=True)
class Tracked:
    """The tracked movies. movie_ids: None for every movie, where all are tracked.

    count: how many of them an export should have.
    """

    movie_ids: frozenset[int] | None
    count: int

    def __contains__(self, movie_id: object) -> bool:
        return self.movie_ids is None or movie_id in self.movie_ids

    @classmethod
    def of(cls, movie_ids: Iterable[int]) -> Self:
        """Return these movies as tracked."""
        unique = frozenset(movie_ids)
        return cls(unique, len(unique))


EVERY_MOVIE = Tracked(None, 0)


def band_of(tracked_movies: int | None) -> int:
    """Return how many of the most popular movies have their popularity kept."""
    if tracked_movies is None:
        return sys.maxsize
    return min(BAND_FACTOR * tracked_movies, tracked_movies + LARGEST_BAND_OUTSIDE)


@dataclass(frozen=True, slots=True)
class Selected:
    """What a run has found about one movie: a row of tracked_movies_raw.

    rank: among the most popular, from 1; None for an edited movie outside them.
    """

    movie_id: int
    rank: int | None = None
    popularity: float | None = None
    changed_on: date | None = None
    is_deleted: bool = False

    def to_row(self) -> dict[str, Any]:
        """Return the columns that are about the movie; days as text."""
        return {
            "movie_id": self.movie_id,
            "rank": self.rank,
            "popularity": self.popularity,
            "changed_on": self.changed_on and self.changed_on.isoformat(),
            "is_deleted": self.is_deleted,
        }


def select(
    top: Sequence[ListedMovie],
    edits: Mapping[date, Iterable[ChangedMovie]],
    known: Container[int],
) -> list[Selected]:
    """Join the top with the edits of its movies and of the `known` ones.

    Of several edits of a movie the newest day counts; a deletion always counts.
    """
    edited: dict[int, date] = {}
    deleted: set[int] = set()
    ranked = {movie.movie_id for movie in top}
    for day in sorted(edits):
        for edit in edits[day]:
            if edit.movie_id in known or edit.movie_id in ranked:
                edited[edit.movie_id] = day
                if edit.is_deleted:
                    deleted.add(edit.movie_id)
    selected = [
        Selected(
            movie.movie_id,
            rank,
            movie.popularity,
            edited.get(movie.movie_id),
            movie.movie_id in deleted,
        )
        for rank, movie in enumerate(top, start=1)
    ]
    return selected + [
        Selected(movie_id, changed_on=day, is_deleted=movie_id in deleted)
        for movie_id, day in sorted(edited.items())
        if movie_id not in ranked
    ]


def edit_days(last: date | None, run_date: date) -> list[date]:
    """Return the UTC days whose edits no run has read yet, oldest first.

    From the day of the last complete run (it ended in the middle of that day) to
    yesterday, as far as TMDB lists them; yesterday alone when there was no such run.
    """
    yesterday = run_date - timedelta(days=1)
    oldest = run_date - timedelta(days=EDITS_LISTED_DAYS)
    return days_of(max(last or yesterday, oldest), yesterday)


def days_without_export(
    last: date | None, known: Iterable[ExportDay], run_date: date
) -> list[date]:
    """Return the days before a run whose export is not stored, oldest first.

    From the first day that was loaded or requested, or the day after the last complete
    run, as far as TMDB keeps exports. Without a day that was requested
    MOST_EXPORT_REQUESTS times.
    """
    exports = {export.day: export for export in known}
    begins = [*exports, *([last + timedelta(days=1)] if last else [])]
    oldest = oldest_export(run_date)
    settled = {
        day
        for day, export in exports.items()
        if export.is_loaded or export.requests >= MOST_EXPORT_REQUESTS
    }
    first = max(min(begins, default=run_date), oldest)
    days = days_of(first, run_date - timedelta(days=1))
    return [day for day in days if day not in settled]


def oldest_export(day: date) -> date:
    """Return the oldest day whose export TMDB still has on a day."""
    return day - timedelta(days=EXPORTS_KEPT_DAYS - 1)


def history_days(run_date: date, count: int) -> list[date]:
    """Return `count` export days that end with the run's own, oldest first."""
    return days_of(run_date - timedelta(days=count - 1), run_date)
