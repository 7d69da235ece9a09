"""Find the system's Chromium; playwright's own is never used."""

import shutil

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of the first one on PATH; None if there is none."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)
