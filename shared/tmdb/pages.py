"""Pages: TMDB's lists, read page by page, in; distinct movies out.

Lists are short, repeat and drift while they are read: docs/surprises.md.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil
from typing import Any, Self, cast

from shared.errors import TmdbIncompleteError, TmdbUnavailableError
from shared.interfaces import ChangedMovie, ListedMovie

LAST_PAGE = 500
"""TMDB answers 400 beyond it."""
MOVIES_PER_PAGE = 20
OVER_FETCH = 1.2
"""Pages are cached apart and sorted by yesterday: 50 pages hold 978 of 1,000 movies,
939 of them right. 60 pages, re-sorted, hold the true thousand."""
MOSTLY = 0.98
"""Lists drift while they are read: a few movies less than TMDB counts are normal."""

log = logging.getLogger(__name__)

type Read = Callable[[str, dict[str, str]], object]
"""Returns the JSON at a path with these parameters."""


def most_popular(read: Read, limit: int) -> list[ListedMovie]:
    """List the most popular movies, re-sorted; `limit` at most 8,000.

    Reads a fifth more pages than `limit` fills, goes on past short and repeated
    pages, and raises TmdbIncompleteError when TMDB has more than it would list.
    """
    found: dict[int, ListedMovie] = {}
    total = 0
    enough = ceil(limit * OVER_FETCH / MOVIES_PER_PAGE)
    for page_no in range(1, LAST_PAGE + 1):
        page = _page(read, "/discover/movie", page_no, sort_by="popularity.desc")
        total = max(total, page.total_results)
        for item in page.results:
            movie = ListedMovie(item["id"], _number(item.get("popularity")))
            found.setdefault(movie.movie_id, movie)
        is_last = page_no >= page.total_pages
        if is_last or (page_no >= enough and len(found) >= limit):
            break
    wanted = min(limit, total)
    if len(found) < wanted:
        raise TmdbIncompleteError(
            f"/discover/movie listed {len(found)} different movies of {wanted}",
            field="limit",
            remedy="tried again by itself; TMDB's lists are whole again in a while",
        )
    by_popularity = sorted(found.values(), key=lambda m: (-m.popularity, m.movie_id))
    return by_popularity[:limit]


def changes(read: Read, day: date) -> list[ChangedMovie]:
    """List the movies edited on a UTC day, each once.

    The window's ends are both inclusive as far as anybody knows; asking for the
    day and the next covers the day in either reading.
    """
    found: dict[int, ChangedMovie] = {}
    listed = 0
    window = {
        "start_date": day.isoformat(),
        "end_date": (day + timedelta(days=1)).isoformat(),
    }
    page_no = total_pages = 1
    while page_no <= min(total_pages, LAST_PAGE):
        page = _page(read, "/movie/changes", page_no, **window)
        total_pages, listed = page.total_pages, page.total_results
        for item in page.results:
            movie = ChangedMovie(item["id"], is_deleted=item.get("adult") is None)
            found[movie.movie_id] = movie
        page_no += 1
    if len(found) < MOSTLY * listed:
        # Edits only date metadata: too few of them are no reason to stop.
        log.warning(
            "changes_incomplete",
            extra={"day": day, "found": len(found), "listed": listed},
        )
    return list(found.values())


def is_page(body: object) -> bool:
    """Tell a page of a list from other JSON."""
    return isinstance(body, dict) and isinstance(body.get("results"), list)


def _page(read: Read, path: str, page_no: int, **params: str) -> "_Page":
    return _Page.from_json(path, read(path, {**params, "page": str(page_no)}))


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
                remedy="TMDB's API may have changed: see docs/surprises.md",
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
