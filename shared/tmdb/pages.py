"""Read TMDB's lists: distinct movies from many pages, read concurrently.

Pages may be short, repeat, or change while they are read: docs/surprises.md.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Self, cast

from shared.errors import TmdbIncompleteError, TmdbUnavailableError
from shared.interfaces import ChangedMovie, ListedMovie

LAST_PAGE = 500
"""TMDB answers 400 to later pages."""
MOVIES_PER_PAGE = 20
OVER_FETCH = 1.2
"""Pages are cached separately and sorted by yesterday's popularity: 50 pages have 978
movies, 939 of the true 1,000. 60 pages, sorted again, have all 1,000."""
MOSTLY = 0.98
"""Lists change while they are read: a few movies fewer than TMDB counts are normal."""

_FURTHER_PAGES = 5

log = logging.getLogger(__name__)

type ReadAll = Callable[[str, Sequence[dict[str, str]]], Iterable[object]]
"""Return the JSON at a path for each of these parameters, in their order."""


def most_popular(read: ReadAll, limit: int) -> list[ListedMovie]:
    """List the most popular movies, sorted again; `limit` at most 8,000.

    Reads 20 % more pages than `limit` fills, continues after short and repeated
    pages, and raises TmdbIncompleteError if TMDB has more movies than it listed.
    """
    found: dict[int, ListedMovie] = {}
    total = 0
    enough = ceil(limit * OVER_FETCH / MOVIES_PER_PAGE)
    pages = _pages(read, "/discover/movie", enough, sort_by="popularity.desc")
    for page_no, page in pages:
        total = max(total, page.total_results)
        for item in page.results:
            movie = ListedMovie(item["id"], _number(item.get("popularity")))
            found.setdefault(movie.movie_id, movie)
        if page_no >= enough and len(found) >= limit:
            break
    wanted = min(limit, total)
    if len(found) < wanted:
        raise TmdbIncompleteError(
            f"/discover/movie listed {len(found)} different movies of {wanted}",
            field="limit",
            hint="retried automatically; TMDB's lists are complete again in a while",
        )
    by_popularity = sorted(found.values(), key=lambda m: (-m.popularity, m.movie_id))
    return by_popularity[:limit]


def changes(read: ReadAll, day: date) -> list[ChangedMovie]:
    """List the movies edited on a UTC day, each once.

    Both ends of the window seem to be inclusive; a window of the day and the next one
    covers the day in any case.
    """
    found: dict[int, ChangedMovie] = {}
    listed = 0
    window = {
        "start_date": day.isoformat(),
        "end_date": (day + timedelta(days=1)).isoformat(),
    }
    for _, page in _pages(read, "/movie/changes", LAST_PAGE, **window):
        listed = page.total_results
        for item in page.results:
            movie = ChangedMovie(item["id"], is_deleted=item.get("adult") is None)
            found[movie.movie_id] = movie
    if len(found) < MOSTLY * listed:
        # Edits only concern metadata: too few of them are no reason to fail.
        log.warning(
            "changes_incomplete",
            extra={"day": day, "found": len(found), "listed": listed},
        )
    return list(found.values())


def is_page(body: object) -> bool:
    """Return whether JSON is a page of a list."""
    return isinstance(body, dict) and isinstance(body.get("results"), list)


def _pages(
    read: ReadAll, path: str, at_once: int, **params: str
) -> Iterator[tuple[int, "_Page"]]:
    """Yield a list's pages with their numbers, up to the last that any page names.

    The first page has the number of pages. The next, up to number `at_once`, are read
    concurrently, and later ones a few at a time.
    """
    page_no = last = 1
    while page_no <= last:
        end = at_once if page_no <= at_once else page_no + _FURTHER_PAGES - 1
        numbers = range(page_no, min(end, last) + 1)
        wanted = [{**params, "page": str(number)} for number in numbers]
        for body in read(path, wanted):
            page = _Page.from_json(path, body)
            # The list may have grown or shrunk since the page before.
            last = min(page.total_pages, LAST_PAGE)
            yield page_no, page
            page_no += 1
            if page_no > last:
                return


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(cast("float", value)) if is_number else 0.0


@dataclass(frozen=True, slots=True)
class _Page:
    """One page of a TMDB list; only objects with an integer id are results."""

    results: list[dict[str, Any]]
    total_pages: int
    total_results: int

    @classmethod
    def from_json(cls, path: str, body: object) -> Self:
        if not is_page(body) or not isinstance(body, dict):
            raise TmdbUnavailableError(
                f"{path}: a page without results",
                field="results",
                hint="TMDB's API may have changed: see docs/surprises.md",
            )
        results = [
            item
            for item in body["results"]
            # `id` has been null in lists of changes.
            if isinstance(item, dict) and isinstance(item.get("id"), int)
        ]
        return cls(
            results,
            int(_number(body.get("total_pages"))),
            int(_number(body.get("total_results"))),
        )
