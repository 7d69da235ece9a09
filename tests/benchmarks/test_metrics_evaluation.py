"""The evaluation of the metrics, on one small seed."""

import io

import pytest
from rich.console import Console

from benchmarks.metrics.__main__ import look
from benchmarks.metrics.computed import OURS, PREDECESSOR, Cell
from benchmarks.metrics.report import LAYOUTS, differences, tables


@pytest.mark.emulator
@pytest.mark.filterwarnings("ignore:Retrieving Arrow:PendingDeprecationWarning")
def test_ours_ranks_better_than_the_predecessor_and_no_cell_is_missing() -> None:
    measured = look(Console(file=io.StringIO()))

    [gain] = differences(measured, Cell("ranking", "", "average_precision"))
    assert gain > 0
    for name, layout in LAYOUTS.items():
        rows = {cell.row for cell in measured[0] if cell.table == name}
        columns = {column for column, _, _ in layout.columns}
        given = {(cell.row, cell.column) for cell in measured[0] if cell.table == name}
        assert given == {(row, column) for row in rows for column in columns}
        if name in ("ranking", "detection", "gaps"):
            assert {OURS, PREDECESSOR} <= rows
    assert [table.row_count > 1 for table in tables(measured)] == [True] * 10
