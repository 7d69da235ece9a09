"""The data dictionary says what sql/ says, and explains every column of every view."""

import re
from pathlib import Path

import pytest
import yaml

from tests.sql.googlesql import googlesql
from tools import data_dictionary

PAGE = data_dictionary.page()
VIEWS = sorted((data_dictionary.SQL / "views").glob("*.sql"))


def test_the_page_is_what_make_dictionary_writes() -> None:
    assert data_dictionary.PAGE.read_text() == PAGE, "stale: make docs"


def _explained(view: str) -> list[str]:
    section = PAGE.split(f"\n### {view}\n")[1].split("\n### ")[0]
    return re.findall(r"^\| `(\w+)` \| ", section, re.MULTILINE)


@pytest.mark.parametrize("path", VIEWS, ids=lambda path: path.stem)
def test_a_views_columns_are_those_that_google_sees(path: Path) -> None:
    resolved = googlesql().analyze(path.read_text())
    seen = [column.name for column in resolved.output_column_list]
    assert _explained(path.stem) == seen


def test_no_meaning_is_kept_for_a_column_that_is_gone() -> None:
    meant = set(
        yaml.safe_load((data_dictionary.SQL / "views/columns.yaml").read_text())
    )
    columns: set[str] = set()
    for path in VIEWS:
        names = _explained(path.stem)
        columns |= {*names, *(f"{path.stem}.{name}" for name in names)}
    assert meant - columns == set()
