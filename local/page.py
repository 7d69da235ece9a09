"""Write the dashboard's page into a file on this machine, and open it in a browser.

The demo and the command `dashboard` do so on request, for the newest day. In the cloud,
render_dashboard writes the page into a bucket after every published day.
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

    `source` names the origin of the data on the page, `links` are addresses of the
    project. The file is written whole or not at all.
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
    """Open a file in the user's browser; return whether it was started.

    Not if the output goes into a file, in CI, or without a display.
    """
    if not sys.stdout.isatty() or "CI" in os.environ or not _has_display():
        return False
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    # A text browser would take over the terminal.
    if type(browser) is webbrowser.GenericBrowser:
        return False
    # Its result is useless: False if the program passed the page on and ended.
    browser.open(page.resolve().as_uri())
    return True


def _has_display() -> bool:
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
