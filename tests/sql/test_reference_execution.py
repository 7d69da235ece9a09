"""The second judge again: the cases on GoogleSQL's reference implementation."""

from pathlib import Path

import pytest

from tests.sql import cases
from tests.sql.cases import GATE
from tests.sql.googlesql import body
from tests.sql.reference import assert_agrees, text_of

PATHS = [path for path in cases.paths() if path.parent.name not in GATE]
"""The gate's statements select nothing."""


@pytest.mark.parametrize("path", PATHS, ids=cases.name_of)
def test_case(path: Path) -> None:
    case = cases.read(path)

    assert_agrees(case, body(text_of(case)))
