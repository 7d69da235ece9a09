"""Every state that a page can be in, at every width and in both themes.

States: no movie, one, a thousand; before the first votes; the first day; titles that
would be code.
"""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from benchmarks.made_up_dashboard import ODD_TITLES, dashboard
from functions.render_dashboard.payload import Dashboard
from tests.exhaustive import cases_but
from tests.functions.render_dashboard.conftest import Show

WIDTHS = (320, 390, 800, 1440)


def _hostile() -> Dashboard:
    data = dashboard(movies=24)
    for place, movie in enumerate(data["movies"]):
        movie["title"] = ODD_TITLES[place % len(ODD_TITLES)]
    return data


STATES: dict[str, Callable[[], Dashboard]] = {
    "nothing": lambda: dashboard(movies=0, days=0, vote_days=0),
    "one movie": lambda: dashboard(movies=1),
    "a thousand": dashboard,
    "popularity only": lambda: dashboard(movies=60, vote_days=0),
    "one day": lambda: dashboard(movies=60, days=1, vote_days=1),
    "hostile titles": _hostile,
}


@pytest.fixture(scope="module", params=cases_but(["nothing", "a thousand"], STATES))
def opened(request: pytest.FixtureRequest, show: Show) -> tuple[Page, list[str]]:
    """Return the page of a state, with the addresses of its board and a movie."""
    data = STATES[request.param]()
    # An unknown movie has a page too: it says that the movie is not tracked.
    movie = data["movies"][0]["movie_id"] if data["movies"] else 1
    page = show(data)
    return page, ["", f"#movie/{movie}"]


def _go(page: Page, hash_: str) -> None:
    page.evaluate("(hash) => { location.hash = hash; }", hash_)
    shown, hidden = ("#movie", "#board") if hash_ else ("#board", "#movie")
    page.wait_for_selector(f"{shown}:not([hidden])")
    page.wait_for_selector(f"{hidden}[hidden]", state="attached")


def test_axe_finds_no_violation_and_nothing_complains(
    opened: tuple[Page, list[str]], show: Show
) -> None:
    page, places = opened
    page.set_viewport_size({"width": 1440, "height": 900})
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        for hash_ in places:
            _go(page, hash_)
            result = Axe().run(page)
            assert result.violations_count == 0, (theme, result.generate_report())
    assert show.complaints[page] == []
    assert all(url.startswith(("file:", "data:")) for url in show.requests[page])


# Errors at this width: a page that is too wide, and uneven or cut tables.
LOOK = """() => {
  for (const part of document.querySelectorAll('details')) part.open = true;
  const seen = (cells) => [...cells].filter((cell) => cell.checkVisibility()).length;
  const tables = [...document.querySelectorAll('table')]
    .filter((table) => table.checkVisibility());
  const name = (table) => table.getAttribute('aria-labelledby')
    ?? table.getAttribute('aria-label') ?? 'values';
  const uneven = tables.filter((table) => [...table.tBodies[0].rows].some((row) =>
    row.checkVisibility() && seen(row.cells) !== seen(table.tHead.rows[0].cells)));
  const cut = tables.filter((table) => {
    const box = table.closest('.scroll');
    // A region of its own is scrolled with the keyboard.
    return box.tabIndex < 0 && box.scrollWidth > box.clientWidth + 1; });
  return { width: document.documentElement.scrollWidth, tables: tables.length,
    uneven: uneven.map(name), cut: cut.map(name) };
}"""


def test_nothing_is_wider_than_the_window_and_tables_are_even(
    opened: tuple[Page, list[str]],
) -> None:
    page, places = opened
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for hash_ in places:
            _go(page, hash_)
            page.evaluate(LOOK)
            # A table of a movie's values is filled when it is opened.
            page.wait_for_function(
                "[...document.querySelectorAll('details')].every("
                "(part) => part.childElementCount > 1)"
            )
            found = page.evaluate(LOOK)
            where = (width, hash_, found)
            assert found["width"] <= width, where
            assert found["uneven"] == [], where
            assert found["tables"] > 0, where  # the thresholds at least
            # A phone's smallest window may scroll a table; others show it whole.
            assert found["cut"] == [] or width < 390, where
