"""Plan: what a mode means for the tracked set and the batches. Pure.

(mode, day, what TMDB lists, what is tracked) -> Plan(tracked rows, batches)
"""

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Self

from shared.ports import ChangedMovie, ExportRow, ListedMovie
from shared.runs import Batch, cut_into_batches

LARGEST_DISCOVER = 8_000
"""More movies than this are chosen from the export: discover ends at 10,000 rows,
and a fifth more than asked for is read."""

RETIRE_AFTER_DAYS = 30
"""A movie so long outside the top is tracked no more; churn is 60 % in 28 days, most
of it returning."""

FORGET_AFTER_DAYS = 180
"""TMDB's terms: nothing is kept longer than 6 months, retired movies neither."""

OUTSIDE_THE_TOP = "outside the top"
DELETED_AT_TMDB = "deleted at TMDB"


@dataclass(frozen=True, slots=True)
class Tracked:
    """One row of tracked_movies; see sql/schemas/tracked_movies.json."""

    movie_id: int
    tracked_since: date
    last_in_top_on: date
    rank: int | None = None
    popularity: float | None = None
    changed_on: date | None = None
    retired_on: date | None = None
    retired_reason: str | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Take the fields from a row of the table."""
        return cls(**{name: row[name] for name in cls.__slots__})

    def to_row(self, run_id: str) -> dict[str, Any]:
        """Return the row to load; days as text."""
        values = {name: getattr(self, name) for name in self.__slots__}
        row = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in values.items()
        }
        return row | {"updated_by_run": run_id}


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over an export found.

    top: the most popular feature films, most popular first.
    popularity: of every movie that was asked for and is in the export.
    """

    top: list[ListedMovie]
    popularity: dict[int, float]


def survey(rows: Iterator[ExportRow], limit: int, wanted: Collection[int]) -> Survey:
    """Fold an export: its top `limit` and the popularity of the `wanted` ids.

    Needs memory for `limit` + `wanted` movies, not for the export.
    """
    popularity: dict[int, float] = {}

    def features() -> Iterator[tuple[float, int]]:
        for row in rows:
            if row.movie_id in wanted:
                popularity[row.movie_id] = row.popularity
            if row.is_feature:
                yield row.popularity, -row.movie_id

    if limit:
        best = heapq.nlargest(limit, features())
    else:
        best = [_ for _ in features() if False]
    top = [ListedMovie(-negative_id, value) for value, negative_id in best]
    popularity |= {movie.movie_id: movie.popularity for movie in top}
    return Survey(top, popularity)


@dataclass(frozen=True, slots=True)
class Plan:
    """The next tracked set and the batches of a run."""

    tracked: list[Tracked]
    batches: list[Batch]

    @property
    def movies(self) -> int:
        """How many movies the batches ask for."""
        return sum(len(batch.movie_ids) for batch in self.batches)


def plan_initial(
    day: date, tracked: Sequence[Tracked], top: Sequence[ListedMovie]
) -> Plan:
    """Track the top, and fetch just it."""
    after = _with_top(day, tracked, top)
    return Plan(after, cut_into_batches(movie.movie_id for movie in top))


def plan_daily(
    day: date,
    tracked: Sequence[Tracked],
    top: Sequence[ListedMovie],
    edits: Mapping[date, Iterable[ChangedMovie]],
) -> Plan:
    """Track the top, note edits and deletions, and fetch all that is tracked."""
    after = _with_edits(day, _with_top(day, tracked, top), edits)
    return Plan(_remembered(day, after), _batches_of(after))


def plan_weekly(day: date, tracked: Sequence[Tracked]) -> Plan:
    """Retire what is long outside the top, and fetch all that is still tracked."""
    too_old = day - timedelta(days=RETIRE_AFTER_DAYS)
    after = [
        replace(movie, retired_on=day, retired_reason=OUTSIDE_THE_TOP)
        if movie.retired_on is None and movie.last_in_top_on < too_old
        else movie
        for movie in tracked
    ]
    return Plan(_remembered(day, after), _batches_of(after))


def history_days(run_date: date, count: int) -> list[date]:
    """Return `count` export days that end with the run's own, oldest first."""
    first = run_date - timedelta(days=count - 1)
    return [first + timedelta(days=n) for n in range(count)]


def _with_top(
    day: date, tracked: Sequence[Tracked], top: Sequence[ListedMovie]
) -> list[Tracked]:
    """Rank the top; a movie that returns to it is tracked again, the rest keeps."""
    by_id = {movie.movie_id: replace(movie, rank=None) for movie in tracked}
    for rank, listed in enumerate(top, start=1):
        known = by_id.get(listed.movie_id) or Tracked(listed.movie_id, day, day)
        by_id[listed.movie_id] = replace(
            known,
            # A late run of an earlier day must not move a movie back in time.
            last_in_top_on=max(day, known.last_in_top_on),
            rank=rank,
            popularity=listed.popularity,
            retired_on=None,
            retired_reason=None,
        )
    return sorted(by_id.values(), key=lambda movie: movie.movie_id)


def _with_edits(
    day: date,
    tracked: Sequence[Tracked],
    edits: Mapping[date, Iterable[ChangedMovie]],
) -> list[Tracked]:
    by_id = {movie.movie_id: movie for movie in tracked}
    for edited_on in sorted(edits):
        for edit in edits[edited_on]:
            if (movie := by_id.get(edit.movie_id)) is None:
                continue
            movie = replace(movie, changed_on=edited_on)
            if edit.is_deleted:
                movie = replace(movie, retired_on=day, retired_reason=DELETED_AT_TMDB)
            by_id[edit.movie_id] = movie
    return list(by_id.values())


def _remembered(day: date, tracked: Iterable[Tracked]) -> list[Tracked]:
    too_old = day - timedelta(days=FORGET_AFTER_DAYS)
    return [
        movie
        for movie in tracked
        if movie.retired_on is None or movie.retired_on >= too_old
    ]


def _batches_of(tracked: Iterable[Tracked]) -> list[Batch]:
    """Cut the movies still tracked into batches, the most popular first."""
    active = [movie for movie in tracked if movie.retired_on is None]
    active.sort(key=lambda movie: (movie.rank is None, movie.rank, movie.movie_id))
    return cut_into_batches(movie.movie_id for movie in active)
