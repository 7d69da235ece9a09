"""The page of a movie: each point of its charts has the right day and value."""

import math
import re
from datetime import date

import pytest
from playwright.sync_api import Page

from benchmarks.made_up_dashboard import GAP, dashboard
from functions.render_dashboard import wording
from functions.render_dashboard.encoding import popularity_code
from functions.render_dashboard.payload import Dashboard, Movie
from tests.functions.render_dashboard.conftest import Show

NEW_DAYS = 8
SHOWN_AT_LEAST = 30
AVERAGE_MIN_DAYS = 4
PIXEL = 0.11
"""Coordinates are written in tenths."""


def _data() -> Dashboard:
    """Return movies: the first has corrected votes, the last is new."""
    data = dashboard(movies=40, vote_days=90)
    data["movies"][0]["votes"][-3] = -4.0
    for series in (data["movies"][-1]["popularity"], data["movies"][-1]["votes"]):
        series[:-NEW_DAYS] = [None] * (len(series) - NEW_DAYS)
    return data


DATA = _data()
BROKEN_OUT = next(
    movie
    for movie in DATA["movies"]
    if movie["movie_id"] == DATA["breakouts"][0]["movie_id"]
)
MOVIES = {"old": DATA["movies"][0], "broken out": BROKEN_OUT, "new": DATA["movies"][-1]}

type Point = tuple[float, float]


@pytest.fixture(scope="module")
def page(show: Show) -> Page:
    return show(DATA)


def _open(page: Page, movie: Movie) -> None:
    """Open a movie's page, or draw it again if it is open."""
    page.evaluate("location.hash = ''")
    page.wait_for_selector("#board:not([hidden])")
    page.evaluate(f"location.hash = '#movie/{movie['movie_id']}'")
    page.wait_for_selector("#movie:not([hidden])")


def _path(page: Page, selector: str) -> list[Point]:
    text = page.locator(f"#movie {selector}").get_attribute("d") or ""
    found = re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", text)
    return [(float(x), float(y)) for x, y in found]


def _boxes(page: Page, selector: str) -> list[dict[str, float]]:
    boxes: list[dict[str, float]] = page.locator(f"#movie {selector}").evaluate_all(
        """rects => rects.map(rect => Object.fromEntries(
        ['x', 'y', 'width', 'height'].map(name => [name, rect[name].baseVal.value])))"""
    )
    return boxes


def _coded(value: float | None) -> float | None:
    """Return a popularity with the precision of the page's data."""
    code = popularity_code(value)
    if code is None:
        return None
    return code / 100 if code < 1000 else (code - 900) / 10


def _series(movie: Movie) -> list[float | None]:
    return [_coded(value) for value in movie["popularity"]]


def _average(movie: Movie) -> list[float | None]:
    """Return the mean of each 7 days' observed values; the newest is the view's."""
    series, means = _series(movie), []
    for day in range(len(series)):
        week = [each for each in series[max(0, day - 6) : day + 1] if each is not None]
        means.append(sum(week) / len(week) if len(week) >= AVERAGE_MIN_DAYS else None)
    return [*means[:-1], _coded(movie["popularity_7d_ma"])]


def _mean(value: float | None) -> str:
    """Return a mean as text, rounded once."""
    if value is not None and value >= 99.95:
        return wording.count(value)
    return wording.number(value)


def _first_shown(movie: Movie) -> int:
    first = next(day for day, value in enumerate(movie["popularity"]) if value)
    return min(first, len(movie["popularity"]) - SHOWN_AT_LEAST)


class _Axes:
    """The scales of a chart, from its first and last day and two of its values."""

    def __init__(self, page: Page, movie: Movie, *, is_log: bool) -> None:
        self._scale = math.log if is_log else float
        self.first = _first_shown(movie)
        values = _series(movie)
        days = [day for day in range(self.first, len(values)) if values[day]]
        points = _path(page, "path.popularity")
        assert len(points) == len(days)
        self._left, self._step = points[0][0], 0.0
        self._day = days[0]
        self._step = (points[-1][0] - points[0][0]) / (days[-1] - days[0])
        known = [self._scale(values[day] or 0) for day in days]
        low, high = known.index(min(known)), known.index(max(known))
        self._slope = (points[high][1] - points[low][1]) / (known[high] - known[low])
        self._zero = points[low][1] - self._slope * known[low]

    def x(self, day: int) -> float:
        return self._left + self._step * (day - self._day)

    def y(self, value: float) -> float:
        return self._zero + self._slope * self._scale(value)

    def points(self, values: list[float | None]) -> list[Point]:
        shown = range(self.first, len(values))
        return [(self.x(day), self.y(value)) for day in shown if (value := values[day])]

    @property
    def step(self) -> float:
        return self._step


def _assert_same(found: list[Point], expected: list[Point]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=2 * PIXEL)


@pytest.mark.parametrize("name", MOVIES)
@pytest.mark.parametrize("is_log", [True, False])
def test_every_point_is_at_its_day_and_value(
    page: Page, name: str, *, is_log: bool
) -> None:
    movie = MOVIES[name]
    _open(page, movie)
    page.get_by_label("log scale").set_checked(is_log)
    axes = _Axes(page, movie, is_log=is_log)
    _assert_same(_path(page, "path.popularity"), axes.points(_series(movie)))
    _assert_same(_path(page, "path.average"), axes.points(_average(movie)))
    last = len(DATA["days"]) - 1
    low, middle, high = (
        _coded(movie["popularity_outlook_7d_low"]),
        _coded(movie["popularity_outlook_7d"]),
        _coded(movie["popularity_outlook_7d_high"]),
    )
    assert low
    assert middle
    assert high
    today = _coded(movie["current_popularity"]) or 0
    [(from_x, from_y), (to_x, high_y)] = _path(page, "path.fan")
    assert (from_x, from_y) == pytest.approx((axes.x(last), axes.y(today)), abs=0.5)
    assert (to_x, high_y) == pytest.approx((axes.x(last + 7), axes.y(high)), abs=0.5)
    text = page.locator("#movie path.fan").get_attribute("d") or ""
    low_y = float(text.rpartition("V")[2].rstrip("Z"))
    assert low_y == pytest.approx(axes.y(low), abs=0.5)
    assert _path(page, "path.middle")[1][1] == pytest.approx(axes.y(middle), abs=0.5)


@pytest.mark.parametrize("name", MOVIES)
def test_every_day_with_votes_has_a_bar_of_its_height(page: Page, name: str) -> None:
    movie = MOVIES[name]
    _open(page, movie)
    axes = _Axes(page, movie, is_log=True)
    votes = [(day, v) for day, v in enumerate(movie["votes"]) if v is not None]
    bars = _boxes(page, ".vote")
    assert len(bars) == len(votes)
    most = max(value for _, value in votes)
    unit = max(bar["height"] for bar in bars) / most
    for bar, (day, value) in zip(bars, votes, strict=True):
        assert bar["x"] + bar["width"] / 2 == pytest.approx(axes.x(day), abs=0.5)
        # A day with 0 votes has a mark, unlike an unknown one.
        height = max(0.8, unit * abs(value))
        assert bar["height"] == pytest.approx(height, abs=2 * PIXEL)
    corrected = page.locator("#movie .vote.less").count()
    assert corrected == sum(value < 0 for _, value in votes)
    assert corrected == (1 if name == "old" else 0)


@pytest.mark.parametrize("name", MOVIES)
def test_missing_days_are_shaded_and_breakouts_marked(page: Page, name: str) -> None:
    movie = MOVIES[name]
    _open(page, movie)
    axes = _Axes(page, movie, is_log=True)
    gaps = [day for day in GAP if day >= axes.first]
    # Once behind popularity, once behind votes.
    shaded = _boxes(page, "rect.gap")
    assert len(shaded) == 2 * len(gaps)
    for rect, day in zip(shaded, gaps * 2, strict=True):
        left = axes.x(day) - axes.step / 2
        assert rect["x"] == pytest.approx(left, abs=0.5)
        assert rect["width"] == pytest.approx(axes.step, abs=0.5)
    started = [
        DATA["days"].index(row["started_on"])
        for row in DATA["breakouts"]
        if row["movie_id"] == movie["movie_id"]
    ]
    lines = page.locator("#movie line.breakout")
    found = [float(line.get_attribute("x1") or 0) for line in lines.all()]
    assert found == pytest.approx([axes.x(day) for day in started], abs=0.5)
    assert bool(found) or name != "broken out"


def test_a_breakout_says_what_wikipedias_readers_say_of_it(page: Page) -> None:
    _open(page, BROKEN_OUT)
    [breakout] = [
        row for row in DATA["breakouts"] if row["movie_id"] == BROKEN_OUT["movie_id"]
    ]
    says = wording.of_readers(
        breakout["wikipedia_ratio"], breakout["is_confirmed_by_wikipedia"]
    )
    assert "2.50 times as often as usual" in says
    shown = page.locator("#movie section[aria-labelledby='breakouts-title']")
    assert says in shown.inner_text()


@pytest.mark.parametrize("name", MOVIES)
def test_the_keyboard_reads_every_day_and_the_table_says_the_same(
    page: Page, name: str
) -> None:
    movie = MOVIES[name]
    _open(page, movie)
    days = range(_first_shown(movie), len(DATA["days"]))
    series, average = _series(movie), _average(movie)
    expected = [
        [
            f"{date.fromisoformat(DATA['days'][day]):%-d %b}",
            wording.number(series[day]),
            _mean(average[day]),
            wording.count(movie["votes"][day]),
        ]
        for day in days
    ]
    reader = page.get_by_role("slider", name="Day")
    reader.focus()
    page.keyboard.press("Home")
    read = []
    for _ in days:
        read.append(reader.get_attribute("aria-valuetext"))
        page.keyboard.press("ArrowRight")
    assert read == [
        f"{day}, popularity {popularity}, 7-day average {mean}, votes {votes}"
        for day, popularity, mean, votes in expected
    ]
    page.get_by_text("The same values as a table").last.click()
    page.locator("#movie figure tbody tr").first.wait_for()
    table = page.locator("#movie figure tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
    )
    assert table == expected[::-1]


def test_a_movie_of_one_day_is_a_dot_and_says_when_the_rest_comes(show: Show) -> None:
    data = dashboard(movies=3, days=1, vote_days=1)
    page = show(data, hash_=f"#movie/{data['movies'][0]['movie_id']}")
    assert len(_path(page, "path.popularity")) == len(_path(page, "path.newest")) == 1
    assert len(_boxes(page, ".vote")) == 1
    text = page.locator("#movie").inner_text()
    assert "It comes when 30 of them are known" in text
    assert "None on the one day shown." in text
    assert "Vote metrics need 8 days: 1 so far" in text
    assert f"{wording.NOTHING}{wording.SIGMA}" not in text


def test_before_the_first_votes_there_is_a_sentence_and_no_empty_chart(
    show: Show,
) -> None:
    data = dashboard(movies=3, vote_days=0)
    page = show(data, hash_=f"#movie/{data['movies'][0]['movie_id']}")
    assert page.locator("#movie .vote").count() == 0
    assert "Votes of the day: none known so far" in page.locator("#movie").inner_text()
    reader = page.get_by_role("slider", name="Day")
    reader.focus()
    page.keyboard.press("ArrowLeft")
    read = reader.get_attribute("aria-valuetext") or ""
    assert read.endswith(f"votes {wording.NOTHING}")


def test_another_width_draws_the_chart_anew_and_leaves_the_rest(show: Show) -> None:
    page = show(DATA, hash_=f"#movie/{BROKEN_OUT['movie_id']}")
    page.get_by_label("log scale").uncheck()
    before = page.locator("#movie path.popularity").get_attribute("d")
    page.set_viewport_size({"width": 700, "height": 900})
    page.wait_for_function(
        "before => document.querySelector('#movie path.popularity')"
        ".getAttribute('d') !== before",
        arg=before,
    )
    assert not page.get_by_label("log scale").is_checked()
    assert page.locator("#movie .readout").count() == 1


def test_a_gap_below_the_places_that_are_kept_is_explained(show: Show) -> None:
    # In dashboard(), one day is missing for all movies, which the page need not say.
    data = dashboard(movies=3, vote_days=90)
    data["thresholds"]["leading_max_rank"] = 2
    whole, gappy, _ = data["movies"]
    gappy["popularity"][-5] = None
    page = show(data)
    captions = {}
    for movie in (whole, gappy):
        _open(page, movie)
        captions[movie["movie_id"]] = page.locator("#movie figcaption").inner_text()
    words = "Days below place 2: no series kept."
    assert [words in captions[of["movie_id"]] for of in (whole, gappy)] == [False, True]
