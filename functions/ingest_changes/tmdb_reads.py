"""Read from TMDB what runs of several modes need."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

from shared.interfaces import ChangedMovie, Movies
from shared.tmdb import ExportMissingError


def of_newest_export[T](day: date, read: Callable[[date], T]) -> T:
    """Read the export of a day; where it is not published yet, that of the day before.

    TMDB publishes at about 08:00 UTC. `read` takes the day of an export.
    """
    try:
        return read(day)
    except ExportMissingError:
        return read(day - timedelta(days=1))


def edits_of(
    days: Iterable[date], tmdb: Movies
) -> Mapping[date, Sequence[ChangedMovie]]:
    """Return the movies that were edited on each day."""
    return {day: tmdb.changes(day) for day in days}
