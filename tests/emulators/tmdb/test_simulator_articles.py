"""Articles of the invented movies: their ids, titles and readers."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators.tmdb import TmdbSimulator
from emulators.tmdb.catalogue.movies import Catalogue

RECORDED = (
    Path(__file__).parents[3]
    / "../shared/data/tmdb-recorded/2026-06-13__3_movie_335984_external_ids.json"
)
DAY = timedelta(days=1)
START = date(2026, 1, 1)
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def movies() -> Catalogue:
    return Catalogue(seed=7, movies=4_000, start=START)


@pytest.fixture(scope="module")
def sim() -> Iterator[TmdbSimulator]:
    with TmdbSimulator(seed=7, movies=400, today=TODAY) as simulator:
        yield simulator


def _details(sim: TmdbSimulator, movie_id: int, **query: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {sim.token}"}
    url = f"{sim.base_url}/movie/{movie_id}"
    body: dict[str, Any] = requests.get(
        url, params=query, headers=headers, timeout=10
    ).json()
    return body


def _popular(sim: TmdbSimulator, pages: int) -> list[int]:
    headers = {"Authorization": f"Bearer {sim.token}"}
    url = f"{sim.base_url}/movie/popular"
    return [
        row["id"]
        for page in range(1, pages + 1)
        for row in requests.get(
            url, params={"page": str(page)}, headers=headers, timeout=10
        ).json()["results"]
    ]


def _control(sim: TmdbSimulator, path: str) -> tuple[int, dict[str, Any]]:
    answer = requests.get(f"{sim.url}/_sim/{path}", timeout=10)
    return answer.status_code, answer.json()


def _views(movies: Catalogue, day: date) -> dict[str, tuple[int, int]]:
    return {title: (desktop, mobile) for title, desktop, mobile in movies.readers(day)}


def test_external_ids_come_with_details_where_they_are_requested(
    sim: TmdbSimulator,
) -> None:
    movie_id = _popular(sim, 1)[0]
    plain = _details(sim, movie_id)
    appended = _details(sim, movie_id, append_to_response="keywords,external_ids")

    assert "external_ids" not in plain
    assert appended | {"external_ids": None} == plain | {"external_ids": None}
    assert appended["external_ids"]["imdb_id"] == plain["imdb_id"]


@pytest.mark.skipif(
    not RECORDED.is_file(), reason="needs the recorded exchanges in ../shared/data"
)
def test_external_ids_have_the_recorded_fields(sim: TmdbSimulator) -> None:
    """What is appended has no id of its own: the movie's is beside it."""
    recorded = json.loads(RECORDED.read_text())["body"]
    del recorded["id"]
    found = _details(sim, _popular(sim, 1)[0], append_to_response="external_ids")

    assert list(found["external_ids"]) == list(recorded)


def test_some_movies_have_no_item_and_some_items_no_article(sim: TmdbSimulator) -> None:
    items = [
        _details(sim, movie_id, append_to_response="external_ids")["external_ids"]
        for movie_id in _popular(sim, 5)
    ]
    known = [one["wikidata_id"] for one in items if one["wikidata_id"]]
    _, titles = _control(sim, "articles")

    assert 0 < len(items) - len(known) < 0.15 * len(items)
    assert 0.8 * len(known) < len(titles.keys() & known) < len(known)


def test_readers_rise_the_day_before_popularity() -> None:
    """Among so few movies all articles are read."""
    movies = Catalogue(seed=7, movies=480, start=START)
    risen: dict[bool, list[float]] = {True: [], False: []}
    for event in movies.breakouts():
        movie_id, onset = int(str(event["movie_id"])), event["onset"]
        assert isinstance(onset, date)
        days = [onset - n * DAY for n in (2, 1)]
        views = [
            [
                on + at
                for title, on, at in movies.readers(day)
                if f"{movie_id})" in title
            ]
            for day in days
        ]
        popularity = [movies.list_row(movie_id, day)["popularity"] for day in days]
        if float(str(event["lift"])) < 2 or not all(views):
            continue
        risen[movie_id % 3 == 0].append(sum(views[1]) / sum(views[0]))
        before, now = (float(str(value)) for value in popularity)
        assert now < 1.25 * before
    assert len(risen[False]) > 5
    assert min(risen[False]) > 1.3, risen
    # A movie that nobody looks up breaks out on TMDB alone.
    assert len(risen[True]) > 2
    assert max(risen[True]) < 1.3


def test_a_renamed_article_is_read_under_both_titles(movies: Catalogue) -> None:
    day = START
    while not (renamed := _renamed(movies, day)):
        day += DAY
    old, new = renamed
    before, after = _views(movies, day - DAY), _views(movies, day)

    assert new not in before
    assert {old, new} <= after.keys()
    for of_old, of_new in zip(after[old], after[new], strict=True):
        assert 1.9 * of_old < of_new < 2.1 * of_old
    assert old not in movies.articles(day).values()


def _renamed(movies: Catalogue, day: date) -> tuple[str, str] | None:
    """Return the titles of an article that is renamed on a day, and read much."""
    before, now = movies.articles(day - DAY), movies.articles(day)
    views = _views(movies, day)
    return next(
        (
            (before[item], now[item])
            for item in now
            if before[item] != now[item] and sum(views.get(now[item], ())) > 1_000
        ),
        None,
    )


def test_a_bot_reads_on_desktop_alone(movies: Catalogue) -> None:
    spikes = [
        (before[title], now[title])
        for n in range(10)
        for before, now in [
            (_views(movies, START + n * DAY), _views(movies, START + (n + 1) * DAY))
        ]
        for title in before.keys() & now.keys()
        if now[title][0] - before[title][0] > 15_000
        and now[title][1] < 1.2 * before[title][1]
    ]
    assert spikes


def test_a_namesake_is_read_and_nobodys_article(movies: Catalogue) -> None:
    titles = set(movies.articles(TODAY).values())
    namesakes = {
        title: views
        for title, views in _views(movies, TODAY).items()
        if not title.endswith(")")
    }
    assert len(namesakes) > 50
    assert not namesakes.keys() & titles
    assert max(map(sum, namesakes.values())) > 10_000


def test_every_title_is_read_once_a_day(movies: Catalogue) -> None:
    titles = [title for title, _, _ in movies.readers(TODAY)]
    assert len(titles) == len({*titles})


def test_the_control_shows_articles_of_today_and_readers_of_a_day(
    sim: TmdbSimulator,
) -> None:
    _, first = _control(sim, "articles")
    sim.set_today(TODAY + 60 * DAY)
    try:
        _, later = _control(sim, "articles")
    finally:
        sim.set_today(TODAY)
    assert first.keys() == later.keys()
    assert 0 < sum(first[item] != later[item] for item in first) < 0.1 * len(first)
    status, read = _control(sim, f"readers?day={TODAY}")
    assert (status, len(read["readers"][0])) == (200, 3)
    assert _control(sim, "readers?day=today")[0] == 400
