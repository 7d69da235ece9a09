"""How long the dashboard's page takes to render and to open, and how large it is.

python -m benchmarks.dashboard_page. Made-up movies of 90 days, every day with votes,
each size in a process of its own. Main-thread milliseconds are from the end of the
data's decompression to the finished page, in the system's Chromium, the middle of five.
"""

import multiprocessing
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.made_up_dashboard import dashboard
from functions.render_dashboard.page import render
from local.chromium import find_chromium

SIZES = (1_000, 10_000)
DAYS = 90
OPENINGS = 5


def main() -> None:
    """Print one line for each size."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("no chromium on PATH: run tools/install_chromium")
    for movies in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.html"
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, grown = pool.apply(_render, (movies, page))
            opened = _open(page, chromium)
            print(
                f"{movies:,} movies x {DAYS} days: rendered in {seconds:.1f} s, "
                f"{grown:.0f} MiB above its input; {page.stat().st_size:,} bytes; "
                f"main thread {opened:.0f} ms"
            )


def _render(movies: int, page: Path) -> tuple[float, float]:
    """Return seconds, and MiB of peak memory above what the input takes."""
    data = dashboard(movies=movies, days=DAYS, vote_days=DAYS)
    before = _peak_mib()
    start = time.perf_counter()
    page.write_bytes(render(data))
    return time.perf_counter() - start, _peak_mib() - before


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _open(page: Path, chromium: str) -> float:
    """Return the middle of the milliseconds that drawing the page takes."""
    measured: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium)
        for _ in range(OPENINGS):
            window = browser.new_page(viewport={"width": 1440, "height": 900})
            window.goto(page.as_uri())
            window.wait_for_selector("html[data-ready]")
            drawn = "performance.getEntriesByName('render')[0].duration"
            measured.append(float(window.evaluate(drawn)))
            window.close()
        browser.close()
    return statistics.median(measured)


if __name__ == "__main__":
    main()
