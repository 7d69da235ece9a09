"""Console: titles that look like markup, and encodings that lack their letters."""

import ast
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli import output
from cli.commands import dead_letters, explain, validate
from cli.runs.dead_letter_queue import Letter
from functions.compute_metrics.checks import Finding, Severity
from local.console import open_console
from local.demo_display import show_rows
from local.progress import Steps
from local.table_layout import Layout
from local.table_layout import text as column

ROOT = Path(__file__).parents[2]
OWNERS = {ROOT / "local/console.py", ROOT / "tools/record_terminal.py"}
"""Files that open consoles of rich; the second redraws a recorded terminal."""

TITLES = ["[sic]", "X [/end]", ":skull:", "[bold]", "\\[x\\]", "[link=x]y[/link]"]
LETTERS = "Amélie ✓ … ± 千と千尋 — Ø"


@contextmanager
def _printed(encoding: str = "utf-8") -> Iterator[list[str]]:
    """Take what is printed on a terminal of an encoding; the text once it is closed."""
    taken: list[str] = []
    before = sys.stdout
    raw = io.BytesIO()
    sys.stdout = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    try:
        yield taken
    finally:
        taken.append(raw.getvalue().decode(encoding))
        sys.stdout = before


def _explained(title: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "movie_id": 1,
        "title": title,
        "calculation_date": date(2026, 6, 1),
        "viral_coefficient": 1.0,
        "virality_category": title,
        "viral_score_percentile": 50.0,
        "history": title,
        "surge": 1.0,
        "popularity_growth_factor_7d": 1.0,
        "momentum_status": title,
        "popularity_growth_z": 0.0,
        "is_vote_count_corrected": False,
        "popularity_now": None,
        "popularity_expected": None,
        "expected_level": None,
    }
    reasons = dict.fromkeys(explain._CHARTS.values(), title)
    return dict.fromkeys(
        (
            *(f"votes_3d{end}" for end in ("", "_expected")),
            *(f"z_{name}" for name in ("votes", "votes_counted", "popularity")),
            *(f"weight_of_{name}" for name in ("votes", "popularity")),
            *(f"surge_from_{name}" for name in ("votes", "popularity")),
            "popularity",
        )
    ) | (row | reasons)


def _print_everything(text: str) -> None:
    """Print a text with each function that prints stored data."""
    console = open_console(width=200)
    show_rows(console, "Top", Layout((column("title"),)), [[text]])
    explain.show(console, _explained(text))
    finding = Finding(text, Severity.FAIL, date(2026, 6, 1), 1, (text,))
    validate.show(console, date(2026, 6, 1), date(2026, 6, 1), 1, [finding])
    output.show([output.Finding(text, ok=False, message=text, hint=text)])
    letter = Letter("1", "", text, text, "", "", text, text, b"", ())
    dead_letters.show(console, [letter])
    with Steps(console) as steps:
        steps.say(text)
        steps.done(text)


@pytest.mark.parametrize("title", TITLES)
def test_a_title_that_looks_like_markup_is_printed_as_it_is(title: str) -> None:
    with _printed() as taken:
        _print_everything(title)
    # A title, a reason for each of three charts, a category, ...: all show it.
    assert taken[0].count(title) >= 10, taken[0]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "iso8859-9"])
def test_letters_that_a_terminal_lacks_are_printed_as_near_ones(encoding: str) -> None:
    with _printed(encoding) as taken:
        _print_everything(LETTERS)
    plain = taken[0].replace("…", "...").replace("é", "e")
    assert "Amelie ok ..." in plain
    assert "????" in plain


def test_no_console_is_opened_elsewhere() -> None:
    opened = [
        str(path.relative_to(ROOT))
        for folder in ("benchmarks", "local", "cli")
        for path in (ROOT / folder).rglob("*.py")
        if path not in OWNERS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if _opens_a_console(node)
    ]
    assert opened == []


def _opens_a_console(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="Console")):
            return True
        case ast.Call(func=ast.Attribute(attr="Console" | "from_markup")):
            return True
        case ast.ImportFrom(module="rich.markup"):
            return True
    return False
