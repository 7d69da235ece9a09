"""Every table that a command prints is whole on a terminal of 80 columns."""

import ast
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from cli.commands import chart, cost, dead_letters, explain
from local import demo_display
from local.table_layout import Layout, Row, number, show, text, widths

ROOT = Path(__file__).parents[2]
LONG = "The Extraordinarily Long and Winding Title of a Movie, Part the Second " * 3
HINT = "gcloud pubsub topics publish ingest-requests --project=my-project --message=x"
RUN = "history-2026-06-01-2026-05-30"
"""The longest kind of run id."""
DAY = "2026-06-01"
SIZES = ("1,023 MiB", "9,876.5 GiB")
CHEAP = "under $0.01"
COUNTS = ("1,100,000", "1,098,518", "1,482", "1,000")
LARGE = ("1,234,567.00", "987,654.32", "-1,234.56", "0.99", "12,345.67")
NO_HISTORY = "Insufficient history"
WIDE = ("1", "千と千尋の神隠し" * 9, "-", "-", "-")
MESSAGE = f"12345678901234567\ndashboard-requests\n{RUN}\n2026-06-01T09:00:00"

TABLES: dict[str, tuple[Layout, list[tuple[str, ...]]]] = {
    "cost": (cost.USED, [(DAY, "50,000", *SIZES, "1,100,000", "99,999", CHEAP)]),
    "dead-letters": (dead_letters.LETTERS, [(MESSAGE, LONG, HINT), ("1", "-", "")]),
    "explain": (explain.COMPONENTS, [("votes in 3 days (counter corrected)", *LARGE)]),
    "runs": (demo_display.RUNS, [(RUN, *COUNTS, "114.9", "published")]),
    "popular": (demo_display.POPULAR, [(LONG, LARGE[0], "1,100,000", DAY)]),
    "gaining": (demo_display.GAINING, [("100", LONG, *LARGE[1:3], NO_HISTORY), WIDE]),
    "trending": (demo_display.TRENDING, [("100", LONG, *LARGE[1:3], NO_HISTORY)]),
    "vintages": (
        chart.VINTAGES_SHOWN,
        [("1,000", f"{DAY} 09:00:00", *COUNTS[1:2] * 4, RUN)],
    ),
}
"""The tables, with the widest values of each column."""


def _printed(
    layout: Layout, rows: list[tuple[str, ...]], *, width: int = 80
) -> list[str]:
    console = Console(width=width, file=StringIO())
    show(console, layout, [Row(cells) for cells in rows])
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


CHARTS = {
    f"chart of {name}": (
        layout := chart.layout_of(name),
        [("100", LONG, *["-1,234,567.00"] * (len(layout.columns) - 2))],
    )
    for name in chart.ListName
}


@pytest.mark.parametrize("name", TABLES | CHARTS)
def test_a_table_of_the_widest_values_is_whole_at_80_columns(name: str) -> None:
    layout, rows = (TABLES | CHARTS)[name]
    lines = _printed(layout, rows)
    assert max(map(cell_len, lines)) <= 80
    page = "\n".join(lines)
    for n, column in enumerate(layout.columns):
        for word in column.name.split():
            assert word in page, "a column's name is cut"
        for row in rows:
            if not column.is_text:
                assert all(part in page for part in row[n].splitlines()), row[n]


def test_every_layout_is_among_these_tables() -> None:
    """Layouts are constants, and only table_layout.py makes tables of them."""
    declared, makers = set(), set()
    for folder in ("cli", "local"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                match node:
                    case ast.ImportFrom(module="rich.table", names=names) if (
                        "Table" in [one.name for one in names]
                    ):
                        makers.add(path.name)
                    case ast.Assign(
                        targets=[ast.Name(id=name)],
                        value=ast.Call(func=ast.Name(id="Layout")),
                    ):
                        declared.add((path.stem, name))
    assert makers == {"table_layout.py"}
    assert len(declared) == len(TABLES)


def test_a_wrapped_text_is_printed_to_its_end() -> None:
    layout, rows = TABLES["dead-letters"]
    printed = " ".join(" ".join(_printed(layout, rows)).replace("│", " ").split())
    for word in {*LONG.split(), "--project=my-project"}:
        assert word in printed


def test_a_short_text_stays_on_its_line() -> None:
    layout = Layout((number("rank"), text("title", is_short=True)))
    lines = _printed(layout, [("1", LONG)])
    assert len(lines) == len(_printed(layout, [("1", "A Title")]))
    assert any("…" in line for line in lines)


def test_names_wrap_before_texts_are_made_narrower() -> None:
    layout = Layout((text("a"), number("share of surge")), has_box=False)
    rows = [("x" * 20, "1.00")]
    # Gaps take 4 columns of each width.
    assert widths(layout, rows, 38) == (20, 14)
    assert widths(layout, rows, 34) == (20, 10)
    assert widths(layout, rows, 28) == (19, 5)


def test_a_wide_terminal_leaves_every_cell_its_own_width() -> None:
    layout, rows = TABLES["explain"]
    assert widths(layout, rows, 200)[0] == len("votes in 3 days (counter corrected)")


def test_a_table_without_rows_has_its_names() -> None:
    assert "component" in "".join(_printed(explain.COMPONENTS, []))
