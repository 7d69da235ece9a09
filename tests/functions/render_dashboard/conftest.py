"""Dashboards in a headless Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from functions.render_dashboard.page import render
from functions.render_dashboard.payload import Dashboard
from local.chromium import find_chromium


class Show:
    """Opens dashboards, each rendered once, and records the pages' activity."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._folder = folder
        self._files: dict[int, tuple[Dashboard, Path]] = {}
        self.complaints: dict[Page, list[str]] = {}
        """Messages of the console, and exceptions."""
        self.requests: dict[Page, list[str]] = {}

    def __call__(
        self,
        dashboard: Dashboard,
        *,
        theme: str = "light",
        width: int = 1440,
        hash_: str = "",
        is_scripted: bool = True,
    ) -> Page:
        """Open a dashboard in a new window, and wait until it is drawn."""
        context = self._browser.new_context(
            color_scheme="dark" if theme == "dark" else "light",
            viewport={"width": width, "height": 900},
            java_script_enabled=is_scripted,
        )
        page = context.new_page()
        complaints = self.complaints[page] = []
        requests = self.requests[page] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(self._file(dashboard).as_uri() + hash_)
        if is_scripted:
            page.wait_for_selector("html[data-ready]")
        return page

    def _file(self, dashboard: Dashboard) -> Path:
        if id(dashboard) not in self._files:
            path = self._folder / f"{len(self._files)}.html"
            path.write_bytes(render(dashboard))
            self._files[id(dashboard)] = dashboard, path
        return self._files[id(dashboard)][1]


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    """Return the system's Chromium, or skip; nothing is downloaded."""
    found = find_chromium()
    if found is None:
        pytest.skip("needs chromium on PATH (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        yield Show(browser, tmp_path_factory.mktemp("pages"))
        browser.close()
