"""Where the system's Chromium is; playwright's own is never used."""

import shutil

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the path of the first one on PATH, None without."""
    return next(filter(None, map(shutil.which, CHROMIUMS)), None)
