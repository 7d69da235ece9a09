"""Survey: the lines of one export in; who is most popular, and popularity, out.

Pure. An export is held as arrays of numbers, 13 bytes a movie (15 MB of 1.1 million),
never as objects: the memory of ingest_changes does not grow with the catalogue.
"""

from array import array
from collections.abc import Collection, Container, Iterator
from dataclasses import dataclass, field
from itertools import compress
from operator import itemgetter

from shared.interfaces import ExportRow, ListedMovie


@dataclass(frozen=True, slots=True)
class Popularity:
    """Popularity of movies: 12 bytes each. Iterates over (movie_id, popularity)."""

    movie_ids: array[int] = field(default_factory=lambda: array("i"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def __len__(self) -> int:
        return len(self.movie_ids)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self.movie_ids, self.values, strict=True)

    def among(self, movie_ids: Container[int]) -> int:
        """Count the movies that are among others."""
        return sum(movie_id in movie_ids for movie_id in self.movie_ids)


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over an export has found.

    top: the most popular feature films, most popular first.
    popularity: of the band, and of every requested movie in the export.
    """

    top: list[ListedMovie]
    popularity: Popularity = field(default_factory=Popularity)


def survey(
    rows: Iterator[ExportRow], limit: int, band: int, wanted: Collection[int]
) -> Survey:
    """Read an export: its top `limit`, popularity of the `band` and the `wanted` ids.

    Movies of equal popularity are ranked by id. A movie of unknown popularity has no
    rank and no row: it was not measured, and details fill it in.
    """
    found, is_feature = _read(rows)
    kept = _most_popular(found, is_feature, max(limit, band))
    best = (
        sorted(
            zip(
                compress(found.values, kept),
                compress(found.movie_ids, kept),
                strict=True,
            ),
            key=lambda movie: (-movie[0], movie[1]),
        )
        if limit
        else []
    )
    top = [ListedMovie(movie_id, value) for value, movie_id in best[:limit]]
    if wanted:
        for place, movie_id in enumerate(found.movie_ids):
            kept[place] |= movie_id in wanted
    popularity = Popularity(
        array("i", compress(found.movie_ids, kept)),
        array("d", compress(found.values, kept)),
    )
    return Survey(top, popularity)


def _read(rows: Iterator[ExportRow]) -> tuple[Popularity, bytearray]:
    """Return popularity of all movies that have one, and which are feature films."""
    found, is_feature = Popularity(), bytearray()
    for row in rows:
        if row.popularity is not None:
            found.movie_ids.append(row.movie_id)
            found.values.append(row.popularity)
            is_feature.append(row.is_feature)
    return found, is_feature


def _most_popular(found: Popularity, is_feature: bytearray, count: int) -> bytearray:
    """Mark the `count` most popular feature films: 1 at their places, else 0."""
    if count >= sum(is_feature):
        return bytearray(is_feature)
    ranked = sorted(compress(found.values, is_feature), reverse=True)
    least = ranked[count - 1] if count else float("inf")
    kept = bytearray(
        is_one and value > least
        for value, is_one in zip(found.values, is_feature, strict=True)
    )
    ties = (
        (movie_id, place)
        for place, (movie_id, value) in enumerate(found)
        if is_feature[place] and value == least
    )
    for _, place in sorted(ties, key=itemgetter(0))[: count - sum(kept)]:
        kept[place] = 1
    return kept
