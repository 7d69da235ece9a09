"""The page in a browser: what it shows and does, and what it must not do."""

import re

import pytest
from playwright.sync_api import Page

from benchmarks.made_up_dashboard import GAP, dashboard
from functions.render_dashboard.encoding import FINE_RANKS
from functions.render_dashboard.payload import Dashboard
from tests.functions.render_dashboard.conftest import Show

DATA = dashboard()
FIRST_VIRAL = DATA["viral"][0]


@pytest.fixture(scope="module")
def page(show: Show) -> Page:
    return show(DATA)


@pytest.fixture
def board(page: Page) -> Page:
    page.evaluate("location.hash = ''")
    page.wait_for_selector("#board:not([hidden])")
    return page


def _count(page: Page, selector: str) -> int:
    return page.locator(selector).count()


def _points(page: Page, selector: str) -> int:
    """Return the number of points of the matching lines."""
    return int(
        page.evaluate(
            "(selector) => [...document.querySelectorAll(selector)].reduce((sum, line)"
            " => sum + line.getAttribute('d').match(/[ML]/g).length, 0)",
            selector,
        )
    )


def test_every_chart_of_the_board_has_its_data_points(board: Page) -> None:
    on_map = [
        movie
        for movie in DATA["movies"]
        if movie["weekly_pct_change"] is not None
        and movie["viral_coefficient"] is not None
    ]
    assert _points(board, '[data-chart="map"] .dots') == len(on_map)
    assert _points(board, '[data-chart="genres"] .dot') == 3 * len(DATA["genres"])
    shares = _count(board, '[data-chart="cohorts"] .share')
    assert shares == 5 * len(DATA["cohorts"]) + 5  # and the legend
    assert _count(board, '[data-chart="days"] .day') == len(DATA["days"]) + 4
    assert _count(board, '[data-chart="days"] .none') == len(GAP) + 1
    assert _points(board, '[data-chart="outlook"] .end') == 28
    assert _count(board, ".card .sparkline") == 4
    assert _count(board, "#chart-table .sparkline") == 100


def test_the_drawn_average_is_that_of_the_view(page: Page) -> None:
    for movie in DATA["movies"][:50]:
        drawn = page.evaluate(
            "(id) => movingAverage(seriesOf(rowOf.get(id)),"
            " data.thresholds.average_7d_min_days_observed).at(-1)",
            movie["movie_id"],
        )
        assert drawn == pytest.approx(movie["popularity_7d_ma"], rel=0.01)


def test_every_series_arrives_as_it_was_sent(page: Page) -> None:
    """Popularity in hundredths below 10 and in tenths above; votes as they are."""
    for movie in DATA["movies"][:40] + DATA["movies"][-40:]:
        series, votes = page.evaluate(
            "(id) => [seriesOf(rowOf.get(id)), votesOf(rowOf.get(id))]",
            movie["movie_id"],
        )
        assert votes == movie["votes"]
        for read, sent in zip(series, movie["popularity"], strict=True):
            assert (read is None) is (sent is None)
            assert sent is None or abs(read - sent) < (0.0051 if sent < 10 else 0.051)


def test_a_line_breaks_where_a_day_is_missing(show: Show) -> None:
    page = show(DATA, hash_=f"#movie/{FIRST_VIRAL}")
    path = page.locator("#movie path.popularity").get_attribute("d") or ""
    assert path.count("M") >= 2


def test_the_map_is_walked_and_opened_with_the_keyboard(board: Page) -> None:
    board.get_by_role("slider", name="Movies of the map").focus()
    board.keyboard.press("Home")
    board.keyboard.press("Enter")
    board.wait_for_selector("#movie:not([hidden])")
    assert board.evaluate("location.hash") == f"#movie/{FIRST_VIRAL}"


@pytest.mark.parametrize(
    "width", [390, pytest.param(1440, marks=pytest.mark.exhaustive)]
)
@pytest.mark.parametrize(
    ("chart", "least"), [("map", 4), ("days", 8), ("cohorts", 15), ("genres", 50)]
)
def test_words_on_a_chart_never_overlap(
    show: Show, chart: str, least: int, width: int
) -> None:
    selector = "text"
    boxes = show(DATA, width=width).evaluate(
        """(selector) => [...document.querySelectorAll(selector)].map(
        (name) => { const box = name.getBoundingClientRect();
        return [box.left, box.top, box.right, box.bottom]; })""",
        f'[data-chart="{chart}"] {selector}',
    )
    assert len(boxes) > least
    for at, one in enumerate(boxes):
        for other in boxes[:at]:
            is_beside = one[0] >= other[2] or other[0] >= one[2]
            is_above = one[1] >= other[3] or other[1] >= one[3]
            assert is_beside or is_above


def test_search_ignores_accents_and_enter_opens_the_movie(board: Page) -> None:
    movie = next(row for row in DATA["movies"] if row["title"] == "Étoile d'Été")
    board.get_by_role("combobox", name="Find a movie").fill("etoile D'ETE")
    assert (
        board.locator("#found [role=option]")
        .first.inner_text()
        .startswith("Étoile d'Été")
    )
    board.keyboard.press("Enter")
    board.wait_for_selector("#movie:not([hidden])")
    assert board.evaluate("location.hash") == f"#movie/{movie['movie_id']}"
    assert board.locator("#movie h1").inner_text() == "Étoile d'Été"


def test_arrows_choose_among_what_is_found(board: Page) -> None:
    box = board.get_by_role("combobox", name="Find a movie")
    box.fill("silent")
    assert board.locator("#found [role=option]").count() == 9
    board.keyboard.press("ArrowDown")
    chosen = board.locator("#found [aria-selected=true]")
    assert chosen.get_attribute("id") == box.get_attribute("aria-activedescendant")
    assert chosen.get_attribute("id") == "found-1"
    board.keyboard.press("ArrowUp")
    board.keyboard.press("ArrowUp")
    board.keyboard.press("Enter")
    found = [row for row in DATA["movies"] if "silent" in row["title"].lower()]
    assert board.locator("#all-count").inner_text().startswith(f"{len(found)} of 1,000")
    board.locator("#title-filter").fill("")


def test_a_column_sorts_both_ways_with_the_unknown_last(board: Page) -> None:
    button = board.locator('[data-sort="weekly_pct_change"]')
    button.click()
    most = max(row["weekly_pct_change"] or -999 for row in DATA["movies"])
    week = board.locator("#all-table tbody tr:first-child td:nth-child(5)")
    assert week.inner_text() == f"+{most:.0f} %"
    assert board.locator('th[aria-sort="descending"]').inner_text().startswith("Week")
    button.click()
    assert week.inner_text().startswith("\N{MINUS SIGN}")
    board.locator('[data-sort="popularity_rank"]').click()


def test_a_score_is_of_the_class_beside_it(board: Page) -> None:
    least = {"Extremely": 80, "Highly": 60, "Moderately": 40, "Slightly": 20}
    rows = board.locator("#all-table tbody tr").evaluate_all(
        "rows => rows.map(row => [row.cells[8].textContent, row.cells[9].textContent])"
    )
    classes = [next((w for w in least if int(s) >= least[w]), "Not") for s, _ in rows]
    assert [f"{word} Viral" for word in classes] == [word for _, word in rows]


def test_filters_choose_a_genre_and_a_class(board: Page) -> None:
    board.locator("#genre-filter").select_option("Horror")
    board.locator("#class-filter").select_option("Not Viral")
    chosen = [
        row
        for row in DATA["movies"]
        if "Horror" in row["genres"] and row["virality_category"] == "Not Viral"
    ]
    assert board.locator("#all-count").inner_text().startswith(f"{len(chosen)} of")
    board.locator("#genre-filter").select_option("")
    board.locator("#class-filter").select_option("")
    assert _count(board, "#all-table tbody tr") == 100
    board.get_by_role("button", name="Show 100 more").click()
    assert _count(board, "#all-table tbody tr") == 200


def test_the_back_button_returns_to_the_place_on_the_board(board: Page) -> None:
    board.evaluate("scrollTo(0, 900)")
    board.evaluate("document.querySelector('#chart-table a').click()")
    board.wait_for_selector("#movie:not([hidden])")
    assert board.evaluate("scrollY") == 0
    board.go_back()
    board.wait_for_selector("#board:not([hidden])")
    board.wait_for_function("Math.abs(scrollY - 900) < 3")


def test_an_unknown_movie_says_so(show: Show) -> None:
    page = show(DATA, hash_="#movie/999999999")
    assert "not among the 1,000 movies" in page.locator("#movie").inner_text()


def test_the_chart_unfolds_to_a_hundred(show: Show) -> None:
    page = show(DATA)
    assert _count(page, "#chart-table tbody tr:visible") == 20
    page.get_by_role("button", name="Show all 100").click()
    assert _count(page, "#chart-table tbody tr:visible") == 100


def test_a_row_says_the_same_in_html_and_in_the_table_of_all(board: Page) -> None:
    """wording.py and numbers.js write numbers in the same way."""
    of_chart = board.locator("#chart-table tbody tr").evaluate_all(
        "rows => rows.map(row => [0, 4, 5, 6].map(at => row.cells[at].textContent"
        ".replace(/\\s+/g, ' ').trim()))"
    )
    of_all = board.locator("#all-table tbody tr").evaluate_all(
        "rows => rows.slice(0, 100).map(row => [0, 3, 4, 5].map(at => row.cells[at]"
        ".textContent.replace(/\\s+/g, ' ').replace('=', '=unchanged').trim()))"
    )
    assert of_chart == of_all


def test_the_theme_is_switched_by_a_button(show: Show) -> None:
    page = show(DATA)
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Dark theme").click()
    assert page.evaluate(ground) != light
    page.get_by_role("button", name="Dark theme", pressed=True).click()
    assert page.evaluate(ground) == light


def test_no_request_leaves_and_nothing_is_complained_of(
    show: Show, board: Page
) -> None:
    requests = show.requests[board]
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert show.complaints[board] == []


def test_the_policy_stops_scripts_and_requests_of_others(show: Show) -> None:
    page = show(DATA)
    page.evaluate(
        """() => {
        window.stopped = new Set();
        addEventListener('securitypolicyviolation',
          (event) => stopped.add(event.effectiveDirective));
        const script = document.createElement('script');
        try { script.text = 'window.intruded = true'; document.body.append(script); }
        catch {}
        fetch('https://example.com').catch(() => {}); }"""
    )
    page.wait_for_function(
        "stopped.has('require-trusted-types-for') && stopped.has('connect-src')"
    )
    assert page.evaluate("window.intruded") is None


def test_titles_are_text_whatever_they_say(show: Show) -> None:
    page = show(DATA)
    for movie in DATA["movies"]:
        if movie["title"][0] in "<قЕ기🎬":
            page.evaluate(f"location.hash = '#movie/{movie['movie_id']}'")
            page.wait_for_function(
                "(title) => document.querySelector('#movie h1')?.textContent === title",
                arg=movie["title"],
            )
    assert page.locator("img").count() == 0
    assert show.complaints[page] == []


def test_it_reads_without_a_script(show: Show) -> None:
    page = show(DATA, is_scripted=False)
    assert "What is moving" in page.locator("h1").inner_text()
    assert _count(page, ".card") == 4
    assert _count(page, "#chart-table tbody tr:visible") == 100
    assert not page.locator("#search").is_visible()
    assert page.locator("#chart-table th.chart").is_hidden()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (dashboard(movies=0, days=0, vote_days=0), ["No day is published so far"]),
        (
            dashboard(movies=1, days=90),
            ["No movie with a popularity of 4 or more"],
        ),
        (
            dashboard(movies=300, vote_days=0),
            [
                "No votes so far",
                "Vote metrics need 8 days: 0 so far, so the first come with 8 Jul.",
                "Faster votes need two weeks to compare: 12 days with votes: 0 so far",
            ],
        ),
        (
            dashboard(movies=300, vote_days=3),
            ["Vote metrics need 8 days: 3 so far, so the first come with 5 Jul."],
        ),
        (
            dashboard(movies=300, days=1, vote_days=1),
            [
                "Changes of a week need 8 days: 1 so far, so the first come with 7 Jul",
                "The viral coefficient needs 4 days: 1 so far",
                "The map needs a change of a week, so 8 days of popularity: 1 so far.",
            ],
        ),
    ],
    ids=["nothing", "one movie", "popularity only", "three days of votes", "one day"],
)
def test_what_is_missing_is_explained(
    show: Show, data: Dashboard, expected: list[str]
) -> None:
    page = show(data)
    text = " ".join(page.locator("#board").inner_text().split())
    for sentence in expected:
        assert sentence in text
    if data["movies"]:
        page.evaluate(f"location.hash = '#movie/{data['movies'][0]['movie_id']}'")
        page.wait_for_selector("#movie:not([hidden]) path.popularity", state="attached")
    assert show.complaints[page] == []


@pytest.mark.parametrize(("vote_days", "panels"), [(0, 1), (90, 0)])
def test_a_panel_of_genres_without_values_says_so(
    show: Show, vote_days: int, panels: int
) -> None:
    data = dashboard(movies=300, vote_days=vote_days)
    for row in data["genres"]:
        assert (row["votes_per_day_mean"] is None) is (vote_days == 0)
    texts = show(data).locator('[data-chart="genres"] text').all_text_contents()
    assert texts.count("none so far") == panels


@pytest.mark.parametrize("hash_", ["", f"#movie/{FIRST_VIRAL}"])
@pytest.mark.parametrize(
    "window", [pytest.param(390, marks=pytest.mark.exhaustive), 1440]
)
def test_it_prints_on_paper(show: Show, hash_: str, window: int) -> None:
    page = show(DATA, theme="dark", hash_=hash_, width=window)
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert pages <= (6 if hash_ == "" else 1)
    # A4 without its margins, in pixels of 1/96 inch.
    page.set_viewport_size({"width": int((210 - 2 * 12) / 25.4 * 96), "height": 1_000})
    page.emulate_media(media="print")
    wide = page.evaluate(
        """() => [...document.querySelectorAll('table, .fig, .fig svg, footer p')]
        .filter((part) => part.checkVisibility())
        .filter((part) => part.getBoundingClientRect().right > innerWidth + 1
          || part.scrollWidth > part.clientWidth + 1)
        .map((part) => part.outerHTML.slice(0, 90))"""
    )
    assert wide == []
    footer = page.locator("footer p").first
    assert footer.is_visible()
    assert "not endorsed, certified, or otherwise approved" in footer.inner_text()
    for hidden in (".top", "#all", "#map", "#movie .back", "#movie .reader"):
        assert not page.locator(hidden).first.is_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
    assert show.complaints[page] == []


@pytest.mark.exhaustive
def test_ten_thousand_movies_are_shown_and_searched(show: Show) -> None:
    data = dashboard(movies=10_000)
    page = show(data)
    assert page.locator("#all-count").inner_text().startswith("10,000 of 10,000")
    assert _points(page, '[data-chart="map"] .dots') > 9_000
    page.get_by_role("combobox", name="Find a movie").fill("9999")
    assert page.locator("#found [role=option]").count() == 1
    for movie in data["movies"][998:1003] + data["movies"][-5:]:
        is_fine = movie["popularity_rank"] <= FINE_RANKS
        series = page.evaluate("(id) => seriesOf(rowOf.get(id))", movie["movie_id"])
        assert series[-1] == pytest.approx(movie["current_popularity"], abs=0.051)
        for read, sent in zip(series, movie["popularity"], strict=True):
            assert (read is None) is (sent is None)
            assert sent is None or abs(read - sent) < (
                (0.0051 if sent < 9.995 else 0.051) if is_fine else 0.011 * sent
            )
        page.evaluate(f"location.hash = '#movie/{movie['movie_id']}'")
        page.wait_for_selector(f"a[href$='/movie/{movie['movie_id']}']:visible")
        caption = page.locator("#movie figcaption").inner_text()
        assert ("to the nearest 2 %" in caption) is not is_fine
    assert show.complaints[page] == []
