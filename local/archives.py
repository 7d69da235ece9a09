"""Build the files that are deployed for a function.

The zip of a deployment and the folder of the local stack have the same files at the
same paths: the function's package, shared/, the SQL it reads, its requirements, and a
generated main.py at the root, where Google's builder expects it.
"""

import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]

DASHBOARD = "render_dashboard"
"""Deployed only if Terraform's variable `dashboard` is set."""
FUNCTIONS = ("ingest_changes", "fetch_details", "compute_metrics", DASHBOARD)

_LEDGER = (
    "sql/10_metric_thresholds.sql",
    "sql/ledger/*.sql",
    "sql/views/v_run_status.sql",
)
_SQL = {
    "ingest_changes": (
        *_LEDGER,
        "sql/attention/articles_due.sql",
        "sql/attention/keep_articles.sql",
        "sql/tracking/*.sql",
    ),
    "fetch_details": _LEDGER,
    "compute_metrics": (
        "sql/[0-9][0-9]_*.sql",
        "sql/alerts/*.sql",
        "sql/attention/days_read.sql",
        "sql/attention/read_day.sql",
        "sql/checks/*.sql",
        "sql/gate/*.sql",
        "sql/ledger/*.sql",
        "sql/views/*.sql",
        "sql/windows/*.sql",
    ),
    DASHBOARD: (
        "sql/dashboard/*.sql",
        "sql/queries/chart_vintages.sql",
        "sql/queries/genre_performance.sql",
        "sql/queries/release_cohorts.sql",
    ),
}
"""Which SQL each function reads at run time."""

TEMPLATES = ("css", "j2", "js")
"""Suffixes of other files that a function reads."""

_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip, so that equal content makes an equal archive."""


def contents(function: str) -> dict[str, bytes]:
    """Return path -> bytes of everything deployed for a function, sorted by path."""
    patterns = (
        "functions/__init__.py",
        *(f"functions/{function}/**/*.{kind}" for kind in ("py", *TEMPLATES)),
        "shared/**/*.py",
        *_SQL[function],
    )
    files = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for pattern in patterns
        for path in ROOT.glob(pattern)
    }
    requirements = ROOT / "functions" / function / "requirements.txt"
    files["requirements.txt"] = requirements.read_bytes()
    files["main.py"] = (
        f'"""Where functions-framework looks for {function}; generated."""\n\n'
        f"from functions.{function}.main import {function}\n\n"
        f'__all__ = ["{function}"]\n'
    ).encode()
    return dict(sorted(files.items()))


def archive(files: Mapping[str, bytes]) -> bytes:
    """Zip files; equal files give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for path, content in files.items():
            zipped.writestr(zipfile.ZipInfo(path, _SAME_TIME), content)
    return buffer.getvalue()


def stage(function: str, folder: Path) -> Path:
    """Unpack a function's archive below a folder, as the platform does."""
    target = folder / function
    # Files of an earlier version must not be imported.
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(archive(contents(function)))) as zipped:
        zipped.extractall(target)
    return target
