"""The endpoints under /3, as pure functions.

In: path, query, day, and the faults of bodies. Out: a `Reply`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from emulators.tmdb.catalogue import articles
from emulators.tmdb.catalogue.metadata import GENRES
from emulators.tmdb.catalogue.source import Json, Source
from emulators.tmdb.http.fates import chance
from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.lists import PAGE_SIZE, Lists
from emulators.tmdb.http.malformed import malform
from emulators.tmdb.http.replies import Reply, failed, found
from emulators.tmdb.http.settings import CONFIGURATION
from emulators.tmdb.http.traffic import DETAILS

type Query = Mapping[str, str]
type PageOf = Callable[[int], tuple[Sequence[Json], int]]

_LAST_PAGE = 500
_CHANGES_PAGE_SIZE = 100
_LONGEST_RANGE_DAYS = 14
_MOST_APPENDED = 20
_CHANGES_AGE_S, _PAST_CHANGES_AGE_S, _TRENDING_AGE_S = 600, 86_400, 600
_MOVIE_ID = re.compile(r"[1-9]\d{0,11}", re.ASCII)
_PAGE = re.compile(r"\d{1,3}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BadRequestError(Exception):
    """A request that is answered with TMDB's error of this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Api:
    """The API on one day."""

    def __init__(self, source: Source, lists: Lists, seed: int) -> None:
        self._source = source
        self._lists = lists
        self._seed = seed

    def answer(self, path: str, query: Query, day: date, faults: Faults) -> Reply:
        """Return the reply to a path such as /3/movie/popular."""
        try:
            if path in _FIXED:
                return found(_FIXED[path])
            if path == "/3/movie/changes":
                return self._changes(query, day, faults)
            page_of = self._list_at(path, query, day)
            if page_of:
                return _list(query, faults, page_of, trending="/trending/" in path)
            if endpoint_of(path) == DETAILS:
                return self._details(path.rpartition("/")[2], query, day, faults)
        except BadRequestError as error:
            return failed(error.code)
        return failed(34)

    def _list_at(self, path: str, query: Query, day: date) -> PageOf | None:
        """Return the function of a list's pages; None if the path is no list."""
        lists = self._lists
        ids_of: dict[str, Callable[[int], tuple[Sequence[int], int]]] = {
            "/3/discover/movie": lambda page: lists.discover_page(day, page, query),
            "/3/movie/popular": lambda page: lists.popular_page(day, page),
            "/3/trending/movie/day": lambda page: lists.trending_page(day, page, 1),
            "/3/trending/movie/week": lambda page: lists.trending_page(day, page, 7),
        }
        if path not in ids_of:
            return None

        def page_of(page: int) -> tuple[Sequence[Json], int]:
            ids, total = ids_of[path](page)
            return [self._source.list_row(m, day) for m in ids], total

        return page_of

    def _changes(self, query: Query, day: date, faults: Faults) -> Reply:
        first, last = _date_range(query, day)
        if first is None:
            feed = self._source.last_24_hours(day)
        else:
            feed = self._source.changes(first, last, day)
        size = _CHANGES_PAGE_SIZE

        def page_of(page: int) -> tuple[Sequence[Json], int]:
            # The feed shows no flags of a deleted movie.
            return [
                {"id": m, "adult": a, "softcore": None if a is None else False}
                for m, a in feed[(page - 1) * size : page * size]
            ], len(feed)

        page, rows, total = _page(query, faults, page_of)
        pages = max(1, -(-total // size))
        body = {
            "results": rows,
            "page": page,
            "total_pages": pages,
            "total_results": total,
        }
        return found(body, _PAST_CHANGES_AGE_S if last < day else _CHANGES_AGE_S)

    def _details(self, name: str, query: Query, day: date, faults: Faults) -> Reply:
        if query.get("append_to_response", "").count(",") >= _MOST_APPENDED:
            raise BadRequestError(27)
        movie_id = self._movie_id(name)
        if movie_id in faults.poison_movies:
            return failed(11)
        details = self._source.details(movie_id, day)
        if details is None:
            return failed(34)
        if self._is_stale(movie_id, day, faults):
            before = self._source.details(movie_id, day - timedelta(days=1))
            details |= {"popularity": (before or details)["popularity"]}
        if "external_ids" in query.get("append_to_response", "").split(","):
            details |= {"external_ids": articles.external_ids(movie_id, details)}
        kind = faults.malformed_movies.get(movie_id)
        if kind:
            return Reply(200, *malform(details, kind))
        return found(details)

    def _movie_id(self, name: str) -> int:
        if name.startswith("tt"):
            movie_id = self._source.movie_with_imdb_id(name)
            if movie_id is None:
                raise BadRequestError(34)
            return movie_id
        if not _MOVIE_ID.fullmatch(name):
            raise BadRequestError(6)
        return int(name)

    def _is_stale(self, movie_id: int, day: date, faults: Faults) -> bool:
        if not faults.stale_popularity_share or day <= self._source.first_day:
            return False
        key = f"stale:{movie_id}:{day}"
        return chance(self._seed, key) < faults.stale_popularity_share


_FIXED: dict[str, object] = {
    "/3/authentication": {
        "success": True,
        "status_code": 1,
        "status_message": "Success.",
    },
    "/3/configuration": CONFIGURATION,
    "/3/genre/movie/list": {
        "genres": [{"id": number, "name": name} for number, name in GENRES.items()]
    },
}
_NAMED = {
    *_FIXED,
    "/3/discover/movie",
    "/3/movie/popular",
    "/3/movie/changes",
    "/3/trending/movie/day",
    "/3/trending/movie/week",
}


def endpoint_of(path: str) -> str:
    """Return the name of a path's endpoint, for the counts."""
    if path in _NAMED:
        return path
    folder, _, name = path.rpartition("/")
    if folder == "/p/exports":
        return "/p/exports/{file}"
    return DETAILS if folder == "/3/movie" and name else "(other)"


def _list(query: Query, faults: Faults, page_of: PageOf, *, trending: bool) -> Reply:
    page, rows, total = _page(query, faults, page_of)
    if trending:
        # Of all lists, only trending clamps the page, and names the media type.
        rows = [row | {"media_type": "movie"} for row in rows]
        total = min(total, _LAST_PAGE * PAGE_SIZE)
    body = {
        "page": page,
        "results": rows,
        "total_pages": max(1, -(-total // PAGE_SIZE)),
        "total_results": total,
    }
    return found(body, _TRENDING_AGE_S if trending else None)


def _page(
    query: Query, faults: Faults, page_of: PageOf
) -> tuple[int, Sequence[Json], int]:
    """Return page number, rows and total, after the faults of pages."""
    text = query.get("page", "1")
    if not _PAGE.fullmatch(text) or not 1 <= int(text) <= _LAST_PAGE:
        raise BadRequestError(22)
    page = int(text)
    rows, total = page_of(page)
    if page in faults.repeated_pages and page > 1:
        rows, total = page_of(page - 1)
    if page in faults.short_pages:
        rows = rows[: faults.short_page_rows]
    if page in faults.empty_pages:
        rows = []
    return page, rows, total


def _date_range(query: Query, today: date) -> tuple[date | None, date]:
    """Return first and last day, both included; (None, today) = the last 24 hours."""
    first, last = _date(query, "start_date"), _date(query, "end_date")
    if first is None and last is None:
        return None, today
    # With one bound only, TMDB takes two days, as recorded for end_date.
    if last is None and first is not None:
        last = first + timedelta(days=1)
    if first is None and last is not None:
        first = last - timedelta(days=1)
    if (
        first is None
        or last is None
        or not 0 <= (last - first).days <= (_LONGEST_RANGE_DAYS)
    ):
        raise BadRequestError(20)
    return first, last


def _date(query: Query, name: str) -> date | None:
    text = query.get(name)
    if text is None:
        return None
    if not _DATE.fullmatch(text):
        raise BadRequestError(23)
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadRequestError(23) from error
