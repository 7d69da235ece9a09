"""Lay out the tables that commands print, so that 80 columns cut no column's name.

A table's columns are data, a `Layout`; their widths are computed from the rows. Numbers
and identifiers are never cut. Texts are wrapped, or shortened where `is_short`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

LEAST_TEXT = 8
"""Least width of a column of texts, on the narrowest terminal too."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. is_number: aligned right. is_text: may be made narrower than its cells.

    is_short: a text that is cut with an ellipsis, not wrapped over several lines.
    """

    name: str
    is_number: bool = False
    is_text: bool = False
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table. has_box: with borders, has_lines: with a line a row."""

    columns: tuple[Column, ...]
    has_box: bool = True
    has_lines: bool = False

    @property
    def borders(self) -> int:
        """Characters of a line that are not cells."""
        count = len(self.columns)
        return 3 * count + 1 if self.has_box else 2 * count


@dataclass(frozen=True, slots=True)
class Row:
    """A row's cells, and how it looks. ends_section: a gap follows."""

    cells: Sequence[str]
    style: str = ""
    ends_section: bool = field(default=False, kw_only=True)


def number(name: str) -> Column:
    """Make a column of numbers."""
    return Column(name, is_number=True)


def text(name: str, *, is_short: bool = False) -> Column:
    """Make a column of texts of any length."""
    return Column(name, is_text=True, is_short=is_short)


def show(
    console: Console, layout: Layout, rows: Iterable[Row], *, title: str | None = None
) -> None:
    """Print a table that is no wider than the console."""
    rows = list(rows)
    table = Table(title=title, title_justify="left", show_lines=layout.has_lines)
    if not layout.has_box:
        table.box = None
    found = widths(layout, [row.cells for row in rows], console.width)
    for column, width in zip(layout.columns, found, strict=True):
        table.add_column(
            column.name,
            justify="right" if column.is_number else "left",
            width=width,
            overflow="ellipsis" if column.is_short else "fold",
            no_wrap=False,
        )
    for row in rows:
        table.add_row(
            *(_cell(*pair) for pair in zip(layout.columns, row.cells, strict=True)),
            style=row.style,
            end_section=row.ends_section,
        )
    console.print(table)


def widths(
    layout: Layout, rows: Sequence[Sequence[str]], available: int
) -> tuple[int, ...]:
    """Return the columns' widths: first names are wrapped, then texts get narrower."""
    cells = [
        max((_width(row[n].splitlines()) for row in rows), default=0)
        for n in range(len(layout.columns))
    ]
    names = [column.name for column in layout.columns]
    words = [_width(name.split()) for name in names]
    natural = [
        max(cell_len(name), cell) for name, cell in zip(names, cells, strict=True)
    ]
    wrapped = [max(word, cell) for word, cell in zip(words, cells, strict=True)]
    least = [
        max(word, min(cell, LEAST_TEXT)) if column.is_text else width
        for column, word, cell, width in zip(
            layout.columns, words, cells, wrapped, strict=True
        )
    ]
    room = available - layout.borders
    return tuple(_narrowed(_narrowed(natural, wrapped, room), least, room))


def _narrowed(now: list[int], least: list[int], room: int) -> list[int]:
    """Narrow the widest column above its least width, until all fit or none is left."""
    now = [*now]
    while sum(now) > room:
        can_give = [n for n, width in enumerate(now) if width > least[n]]
        if not can_give:
            break
        now[max(can_give, key=lambda n: now[n])] -= 1
    return now


def _width(lines: Iterable[str]) -> int:
    return max(map(cell_len, lines), default=0)


def _cell(column: Column, content: str) -> Text:
    """Make a cell: a short text stays on one line, any other is wrapped."""
    return Text(content, no_wrap=column.is_short)


def show_pairs(console: Console, pairs: Iterable[tuple[str, str | Text]]) -> None:
    """Print names with their values, as a table without a header."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column()
    for name, content in pairs:
        grid.add_row(f"  {name}", content)
    console.print(grid)
