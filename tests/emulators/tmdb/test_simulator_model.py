"""The invented movies: reproducible, and statistically like the real ones."""

import gzip
import json
from collections import Counter
from datetime import date, timedelta

import numpy as np
import pytest
import requests

from emulators.tmdb import TmdbSimulator
from emulators.tmdb.catalogue.movies import Catalogue
from emulators.tmdb.catalogue.source import Json
from emulators.tmdb.http.lists import Lists

START = date(2026, 1, 1)
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def movies() -> Catalogue:
    return Catalogue(seed=7, movies=4_000, start=START)


def number(row: Json, name: str) -> float:
    return float(str(row[name]))


def popularity(movies: Catalogue, day: date) -> dict[int, float]:
    return {int(number(r, "id")): number(r, "popularity") for r in movies.export(day)}


def test_two_simulators_give_the_same_bytes_in_any_order() -> None:
    with (
        TmdbSimulator(seed=5, movies=600, today=TODAY) as one,
        TmdbSimulator(seed=5, movies=600, today=date(2026, 6, 9)) as other,
    ):
        ids = [line["id"] for line in _export(one, TODAY)][::40]
        paths = [f"/movie/{m}" for m in ids] + [
            "/discover/movie?page=3",
            "/movie/changes",
        ]
        first = {path: _body(one, path) for path in paths}
        for path in reversed(paths):  # computed for another day before
            _body(other, path)
        other.set_today(TODAY)
        assert {path: _body(other, path) for path in reversed(paths)} == first
        assert one.breakouts() == other.breakouts()
    with TmdbSimulator(seed=6, movies=600, today=TODAY) as another:
        assert _body(another, "/movie/changes") != first["/movie/changes"]


def _body(sim: TmdbSimulator, path: str) -> bytes:
    headers = {"Authorization": f"Bearer {sim.token}"}
    return requests.get(f"{sim.base_url}{path}", headers=headers, timeout=10).content


def _export(sim: TmdbSimulator, day: date) -> list[dict[str, int]]:
    url = f"{sim.exports_url}/{day:movie_ids_%m_%d_%Y.json.gz}"
    content = requests.get(url, timeout=10).content
    return [json.loads(line) for line in gzip.decompress(content).splitlines()]


def test_exports_exist_for_ninety_days_and_agree_with_details() -> None:
    with TmdbSimulator(seed=7, movies=400, today=TODAY) as sim:
        for days_ago, status in ((-1, 404), (0, 200), (90, 200), (91, 404)):
            day = TODAY - timedelta(days=days_ago)
            url = f"{sim.exports_url}/{day:movie_ids_%m_%d_%Y.json.gz}"
            head = requests.head(url, timeout=10)
            assert head.status_code == status, day
            assert head.content == b""
            answer = requests.get(url, timeout=10)
            assert answer.headers["Content-Length"] == head.headers["Content-Length"]
            assert "Content-Encoding" not in answer.headers
        lines = _export(sim, TODAY)
        assert list(lines[0]) == [
            "adult",
            "id",
            "original_title",
            "popularity",
            "video",
        ]
        for line in lines[::40]:
            movie = json.loads(_body(sim, f"/movie/{line['id']}"))
            assert {name: movie[name] for name in line} == line
        for name in ("nothing.gz", "movie_ids_3_1_2026.json.gz"):
            url = f"{sim.exports_url}/{name}"
            assert requests.get(url, timeout=10).status_code == 404


@pytest.mark.parametrize("days", [20, 60, 200, 350])
def test_popularity_by_rank_is_within_a_factor_two(
    movies: Catalogue, days: int
) -> None:
    values = sorted(popularity(movies, START + timedelta(days=days)).values())
    for rank, real in ((10, 187), (100, 33), (1_000, 9.6), (3_000, 5.2)):
        assert real / 2 < values[-rank] < real * 2, rank
    assert 220 < values[-1] < 1_300


def test_the_first_rank_is_usually_within_a_factor_two(movies: Catalogue) -> None:
    tops = [
        max(popularity(movies, START + timedelta(days=days)).values())
        for days in range(0, 300, 20)
    ]
    assert 300 < np.median(tops) < 1_200


def test_daily_changes_look_like_the_real_ones(movies: Catalogue) -> None:
    before = popularity(movies, TODAY)
    after = popularity(movies, TODAY + timedelta(days=1))
    known = [m for m in before if m in after and before[m] > 3 and after[m] > 3]
    step = np.array([np.log(after[m] / before[m]) for m in known])
    step -= np.median(step)
    low, high = np.quantile(step, [0.25, 0.75])
    assert 0.03 < (high - low) / 1.349 < 0.13  # real: 0.05 to 0.087
    assert np.mean(step == 0) < 0.02
    assert float(np.mean(((step - step.mean()) / step.std()) ** 4)) > 5  # heavy tails


def test_popularity_keeps_four_decimals_and_votes_add_up(movies: Catalogue) -> None:
    ids = movies.by_popularity(TODAY)[:400]
    days = [TODAY + timedelta(days=d) for d in range(-30, 1)]
    gained: list[float] = []
    for movie_id in ids:
        rows = [row for day in days if (row := movies.details(movie_id, day))]
        votes = [number(row, "vote_count") for row in rows]
        gained.extend(np.diff(votes))
        for row in rows:
            value = number(row, "popularity")
            assert round(value, 4) == value
            assert round(number(row, "vote_average"), 3) == number(row, "vote_average")
            if row["release_date"] and str(row["release_date"]) > TODAY.isoformat():
                assert row["vote_count"] == 0
                assert row["status"] != "Released"
    falls = np.mean(np.array(gained) < 0)
    assert 0 < falls < 0.004
    assert min(gained) == -1
    assert 0.1 < np.mean(np.array(gained) == 0) < 0.45


def test_releases_make_up_their_share_of_the_top(movies: Catalogue) -> None:
    rows = [movies.list_row(m, TODAY) for m in movies.by_popularity(TODAY)[:1_000]]
    ages = [
        (TODAY - date.fromisoformat(str(r["release_date"]))).days
        for r in rows
        if r["release_date"]
    ]
    assert 0.06 < np.mean([0 <= age < 90 for age in ages]) < 0.17
    assert 0.2 < np.mean([age < 365 for age in ages]) < 0.4


def test_values_go_missing_at_the_real_shares(movies: Catalogue) -> None:
    rows = [r for m in movies.by_popularity(TODAY) if (r := movies.details(m, TODAY))]
    count = Counter(
        {
            "budget": sum(r["budget"] == 0 for r in rows),
            "imdb": sum(not r["imdb_id"] for r in rows),
            "imdb_null": sum(r["imdb_id"] is None for r in rows),
            "undated": sum(r["release_date"] == "" for r in rows),
            "foreign": sum(r["original_title"] != r["title"] for r in rows),
            "poster": sum(r["poster_path"] is None for r in rows),
        }
    )
    share = {name: n / len(rows) for name, n in count.items()}
    assert 0.33 < share["budget"] < 0.42
    assert 0.01 < share["imdb"] < 0.05
    assert count["imdb"] > count["imdb_null"] > 0
    assert 0.002 < share["undated"] < 0.012
    assert 0.06 < share["foreign"] < 0.13
    assert 0 < share["poster"] < 0.005
    assert {"Released", "Post Production", "In Production"} <= {
        str(r["status"]) for r in rows
    }
    titles = {str(r["title"]) for r in rows}
    assert len(titles) == len(rows)
    assert {r["softcore"] for r in rows} == {False}
    assert {r["adult"] for r in rows} == {r["video"] for r in rows} == {False, True}


def test_new_movies_start_at_zero_and_some_movies_are_deleted(
    movies: Catalogue,
) -> None:
    before = set(movies.by_popularity(TODAY))
    later = TODAY + timedelta(days=60)
    after = set(movies.by_popularity(later))
    assert before - after
    assert after - before
    gone = next(iter(before - after))
    assert movies.details(gone, later) is None
    zeros = [
        v for d in range(10) for v in popularity(movies, TODAY + timedelta(d)).values()
    ]
    assert 0.0 in zeros


def test_list_pages_repeat_and_omit_a_few_movies(movies: Catalogue) -> None:
    for quirks, least, most in ((True, 960, 992), (False, 1_000, 1_000)):
        lists = Lists(movies, 7, quirks=quirks)
        seen = {m for page in range(1, 51) for m in lists.popular_page(TODAY, page)[0]}
        assert least <= len(seen) <= most
    assert lists.popular_page(TODAY, 1)[0][0] == movies.by_popularity(TODAY)[0]


def test_changes_touch_the_top_more_often_and_keep_their_order(
    movies: Catalogue,
) -> None:
    top = movies.by_popularity(TODAY)
    days = [TODAY - timedelta(days=d) for d in range(1, 15)]
    feeds = [[m for m, _ in movies.changes(day, day, TODAY)] for day in days]
    for ids, low, high in ((top[:100], 0.3, 0.5), (top[100:1_000], 0.1, 0.16)):
        shares = [len(set(feed) & set(ids)) / len(ids) for feed in feeds]
        assert low < np.mean(shares) < high
    assert feeds[0] != sorted(feeds[0])
    later = TODAY + timedelta(days=120)
    again = movies.changes(days[0], days[0], later)
    assert [m for m, _ in again] == feeds[0]
    deleted = [
        m
        for back in range(1, 60)
        for day in [TODAY - timedelta(days=back)]
        for m, adult in movies.changes(day, day, later)
        if adult is None
    ]
    assert deleted
    assert all(movies.details(m, later) is None for m in deleted)


def test_today_is_half_over_and_the_last_24_hours_are_a_days_worth(
    movies: Catalogue,
) -> None:
    today = movies.changes(TODAY, TODAY, TODAY)
    complete = movies.changes(TODAY, TODAY, TODAY + timedelta(days=1))
    assert 0.2 < len(today) / len(complete) < 0.6
    assert 0.7 < len(movies.last_24_hours(TODAY)) / len(complete) < 1.3


def test_a_breakout_shows_in_popularity(movies: Catalogue) -> None:
    truth = movies.breakouts()
    assert {b["kind"] for b in truth} == {"small", "medium", "large", "small_base"}
    large = [b for b in truth if number(b, "lift") >= 5]
    risen = 0
    for event in large:
        onset = event["onset"]
        assert isinstance(onset, date)
        top = onset + timedelta(days=int(number(event, "ramp_days")))
        if top <= movies.last_day:
            movie = int(number(event, "movie_id"))
            rows = [movies.list_row(movie, d) for d in (onset - timedelta(days=2), top)]
            risen += number(rows[1], "popularity") > 2 * number(rows[0], "popularity")
    assert risen > 0.95 * len(large) - 5
