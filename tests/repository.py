"""The text files of the repository, for tests that read all of them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NO_TEXT = (".png", ".gz", ".svg", ".parquet")


def texts() -> list[str]:
    """Return the paths of all text files that are committed or will be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        name
        for name in listed
        if not name.endswith(_NO_TEXT) and (ROOT / name).is_file()
    ]
