"""The picture of a page, drawn by the real browser."""

from pathlib import Path

import pytest

from benchmarks.made_up_dashboard import dashboard
from functions.render_dashboard.page import render
from local.chromium import find_chromium
from tools import picture_of_page

MOST_BYTES = 300_000


def test_the_picture_is_a_small_png_of_the_window(tmp_path: Path) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("needs chromium on PATH (apt-get install chromium)")
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_bytes(render(dashboard(movies=200)))
    picture_of_page.draw(page, picture, chromium)
    drawn = picture.read_bytes()
    assert drawn.startswith(b"\x89PNG")
    width, height = (int.from_bytes(drawn[at : at + 4]) for at in (16, 20))
    assert (width, height) == (1280, 860)
    assert 50_000 < len(drawn) < MOST_BYTES
