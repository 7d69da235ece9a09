"""The interface between the simulator's data and its HTTP endpoints.

`Catalogue` (invented movies) and `Replay` (a recorded series) implement it; lists,
exports and details are written for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

type Json = dict[str, object]
type Readers = tuple[str, int, int]
"""Title of an article, its views on desktop and on mobile."""


class Source(Protocol):
    """Movies and their values on any day between `first_day` and `last_day`."""

    first_day: date
    last_day: date
    lists_lag: bool
    """Whether list pages drift and lag as TMDB's do."""

    def __len__(self) -> int: ...

    def details(self, movie_id: int, day: date) -> Json | None:
        """Return the body of /movie/{id}; None if the movie does not exist that day."""

    def list_row(self, movie_id: int, day: date) -> Json:
        """Return a movie as discover and popular show it."""

    def flags(self, movie_id: int) -> tuple[bool, bool]:
        """Return whether a movie is adult, and whether it is a video."""

    def by_popularity(self, day: date) -> Sequence[int]:
        """Return the ids that exist that day, adult and video too, highest first."""

    def changes(
        self, first: date, last: date, now: date
    ) -> Sequence[tuple[int, bool | None]]:
        """Return (id, adult) of the movies edited; adult None = deleted by `now`."""

    def last_24_hours(self, now: date) -> Sequence[tuple[int, bool | None]]:
        """Return the same for a request of the changes without dates."""

    def export(self, day: date) -> Iterable[Json]:
        """Return the lines of the daily ID export."""

    def movie_with_imdb_id(self, imdb_id: str) -> int | None:
        """Return the TMDB id; None if no movie has this imdb id."""

    def articles(self, day: date) -> Mapping[str, str]:
        """Return the day's titles of movies' Wikipedia articles by Wikidata id."""

    def readers(self, day: date) -> Sequence[Readers]:
        """Return the titles that were read on a day, each once."""

    def breakouts(self) -> Sequence[Json]:
        """Return the viral breakouts in the data: the labels to evaluate a score."""
