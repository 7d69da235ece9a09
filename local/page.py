"""The dashboard's page on this machine: written into a file, opened in a browser.

render_dashboard does the same after every published day, into a bucket. The demo and
the command `dashboard` need one page, of the newest day, when a person asks for it.
"""

import os
import sys
import webbrowser
from datetime import UTC, date, datetime
from pathlib import Path

from functions.render_dashboard.page import render
from functions.render_dashboard.payload import Dashboard, Links
from functions.render_dashboard.queries import read
from shared.interfaces import Tables


def write(
    tables: Tables,
    today: date,
    source: str,
    target: Path,
    links: Links | None = None,
) -> Dashboard:
    """Write the page of the newest published day up to today; return what it shows.

    `source` says whose data it is, `links` where a project has more of them. The file
    is written whole or not at all.
    """
    dashboard = read(tables, today, datetime.now(UTC), source, links)
    made = target.with_name(f".{target.name}.part")
    try:
        made.write_bytes(render(dashboard))
        made.replace(target)
    finally:
        made.unlink(missing_ok=True)
    return dashboard


def open_if_seen(page: Path) -> bool:
    """Open a file in the browser of whoever sits at this terminal; say if one began.

    Nobody does where output goes into a file, in CI, or without a display.
    """
    if not sys.stdout.isatty() or "CI" in os.environ or not _has_display():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # A browser of the terminal would take it over.
    if type(browser) is webbrowser.GenericBrowser:
        return False
    # Its answer is no use: it is False where the program has handed on and ended.
    browser.open(page.resolve().as_uri())
    return True


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
