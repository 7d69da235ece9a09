"""The texts of the repository, for tests that read every one of them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NO_TEXT = (".png", ".gz", ".svg", ".parquet")


def texts() -> list[str]:
    """Return every text file that is committed or will be, from the root."""
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
