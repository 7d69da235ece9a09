"""Draw the top of a dashboard page as a picture: docs/images/dashboard.png.

python -m tools.picture_of_page PAGE: the file that a dashboard was written to. It is
drawn by the system's Chromium, at the size of a small laptop's window.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from local.archives import ROOT
from local.chromium import find_chromium

PICTURE = ROOT / "docs/images/dashboard.png"
WINDOW_WIDTH, WINDOW_HEIGHT = 1280, 860


def draw(page: Path, picture: Path, chromium: str) -> None:
    """Open the page in a window, wait until it is drawn, and keep a picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        window = browser.new_page(
            viewport={"width": WINDOW_WIDTH, "height": WINDOW_HEIGHT},
            color_scheme="light",
        )
        window.goto(page.resolve().as_uri())
        window.wait_for_selector("html[data-ready]")
        window.screenshot(path=picture)
        browser.close()


def main() -> None:
    """Draw the page that the command line names."""
    parser = argparse.ArgumentParser(prog="tools.picture_of_page", description=__doc__)
    parser.add_argument("page", type=Path, help="the HTML file of a dashboard")
    page = parser.parse_args().page
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no chromium on PATH: run tools/install_chromium")
    draw(page, PICTURE, chromium)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
