"""The order of discover, popular and trending, with TMDB's lag and page caching.

In: a `Source`, a day, the query. Out: the ids of one page, and how many there are.
TMDB sorts by an index that is a day older than the popularity it shows. It caches each
page separately, so consecutive pages repeat some movies and omit others (22 of 1,000
measured).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from zlib import crc32

import numpy as np

from emulators.tmdb.catalogue.source import Json, Source

PAGE_SIZE = 20
_CACHED_VERSIONS = 3
_MOVED_SHARE = 0.35
_MOVED_PLACES = 2.2
_IGNORED = frozenset({"page", "language", "api_key", "region", "watch_region"})
_SORT_KEYS = {
    "popularity",
    "primary_release_date",
    "release_date",
    "vote_average",
    "vote_count",
    "title",
    "original_title",
}


class Lists:
    """Pages of movie ids."""

    def __init__(self, source: Source, seed: int, *, quirks: bool) -> None:
        self._source = source
        self._seed = seed
        self._lags = quirks and source.lists_lag
        self._popular = lru_cache(maxsize=16)(self._make_popular)
        self._searched = lru_cache(maxsize=32)(self._search)
        self._version = lru_cache(maxsize=48)(self._make_version)
        self._trending = lru_cache(maxsize=8)(self._make_trending)

    def popular_page(self, day: date, page: int) -> tuple[Sequence[int], int]:
        """Return a page of /movie/popular, and how many movies there are."""
        ids = self._popular(day, frozenset())
        if not self._lags:
            return _cut(ids, page), len(ids)
        key = f"{self._seed}:{day}:{page}"
        version = crc32(key.encode()) % _CACHED_VERSIONS
        return _cut(self._version(day, version), page), len(ids)

    def discover_page(
        self, day: date, page: int, query: Mapping[str, str]
    ) -> tuple[Sequence[int], int]:
        """Return a page of /discover/movie, and how many movies match."""
        filters = frozenset((k, v) for k, v in query.items() if k not in _IGNORED)
        filters -= {
            ("sort_by", "popularity.desc"),
            ("include_adult", "false"),
            ("include_video", "false"),
        }
        if not filters:
            return self.popular_page(day, page)
        ids = self._searched(day, filters)
        return _cut(ids, page), len(ids)

    def trending_page(
        self, day: date, page: int, days: int
    ) -> tuple[Sequence[int], int]:
        """Return a page of trending over the last days, which has no lag."""
        ids = self._trending(day, days)
        return _cut(ids, page), len(ids)

    def _make_popular(self, day: date, also: frozenset[str]) -> Sequence[int]:
        """Return today's ids, in yesterday's order if lists lag."""
        today = self._source.by_popularity(day)
        yesterday = day - timedelta(days=1)
        if self._lags and yesterday >= self._source.first_day:
            there, known = set(today), set(self._source.by_popularity(yesterday))
            today = [m for m in self._source.by_popularity(yesterday) if m in there] + [
                m for m in today if m not in known
            ]
        return [
            m
            for m, (adult, video) in zip(
                today, map(self._source.flags, today), strict=True
            )
            if (not adult or "adult" in also) and (not video or "video" in also)
        ]

    def _make_version(self, day: date, version: int) -> Sequence[int]:
        """Return the order in one cache: some movies are a few places off."""
        ids = np.array(self._popular(day, frozenset()), dtype=np.int64)
        draw = np.random.default_rng([self._seed, day.toordinal(), version])
        moved = draw.random(len(ids)) < _MOVED_SHARE
        place = np.arange(len(ids)) + moved * draw.normal(0, _MOVED_PLACES, len(ids))
        return [int(m) for m in ids[np.argsort(place, kind="stable")]]

    def _make_trending(self, day: date, days: int) -> Sequence[int]:
        """Return ids by today's popularity times its growth over the window."""
        ids = self._make_popular_now(day)
        before = max(day - timedelta(days=days), self._source.first_day)
        old_place = {m: i for i, m in enumerate(self._source.by_popularity(before))}
        score = {
            m: np.log1p(place) - 0.5 * np.log1p(old_place.get(m, len(ids)))
            for place, m in enumerate(ids)
        }
        return sorted(ids, key=lambda m: (score[m], m))

    def _make_popular_now(self, day: date) -> Sequence[int]:
        allowed = set(self._popular(day, frozenset()))
        return [m for m in self._source.by_popularity(day) if m in allowed]

    def _search(self, day: date, filters: frozenset[tuple[str, str]]) -> Sequence[int]:
        query = dict(filters)
        also = frozenset(
            kind
            for kind in ("adult", "video")
            if query.get(f"include_{kind}") == "true"
        )
        keeps = [_filter(name, value) for name, value in query.items()]
        rows = [
            row
            for movie_id in self._popular(day, also)
            if all(keep(row := self._source.list_row(movie_id, day)) for keep in keeps)
        ]
        key, _, direction = query.get("sort_by", "popularity.desc").partition(".")
        if key in _SORT_KEYS:
            field = key.removeprefix("primary_")
            lagging = (key, direction) == ("popularity", "desc") and self._lags
            if not lagging:
                rows.sort(key=lambda r: _order(r[field]), reverse=direction != "asc")
        return [int(str(row["id"])) for row in rows]


def _cut(ids: Sequence[int], page: int) -> Sequence[int]:
    return ids[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]


def _order(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def _filter(name: str, value: str) -> Callable[[Json], bool]:
    """Return the filter of a discover parameter; TMDB ignores unknown ones."""
    field, _, bound = name.removeprefix("primary_").rpartition(".")
    if field in {"release_date", "vote_count", "vote_average"}:
        limit = _order(value if field == "release_date" else _number(value))
        if bound == "gte":
            return lambda row: _order(row[field]) >= limit
        return lambda row: _order(row[field]) <= limit and row[field] != ""
    if name == "with_original_language":
        return lambda row: row["original_language"] in value.split("|")
    if name in {"year", "primary_release_year"}:
        return lambda row: str(row["release_date"]).startswith(f"{value}-")
    if name == "with_genres":
        every = "|" not in value
        wanted = {int(_number(g)) for g in value.replace("|", ",").split(",")}
        return lambda row: _has_genres(row, wanted, every=every)
    return lambda _row: True


def _has_genres(row: Json, wanted: set[int], *, every: bool) -> bool:
    genres = row["genre_ids"]
    has = set(genres) if isinstance(genres, list) else set()
    return wanted <= has if every else bool(wanted & has)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
