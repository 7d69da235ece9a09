"""Mutants: a hand-worked case fails for each change of mutants.yaml to the SQL.

Executed on Google's reference implementation, the file's own cases only. A mutant that
no case notices is a case that is missing.
"""

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.sql import cases
from tests.sql.googlesql import ExecutionError
from tests.sql.reference import assert_agrees, text_of


@dataclass(frozen=True, slots=True)
class Mutant:
    """One place in a file, and its replacement."""

    file: str
    says: str
    instead: str

    def __str__(self) -> str:
        """Return its name in the test's id."""
        return f"{self.file}: {self.says} -> {self.instead}"


MUTANTS = [
    Mutant(**fields)
    for fields in yaml.safe_load(Path(__file__).with_name("mutants.yaml").read_text())
]


@pytest.mark.exhaustive
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_mutant_is_noticed(mutant: Mutant) -> None:
    of_file = [path for path in cases.paths() if path.parent.name == mutant.file]
    assert of_file

    assert any(_is_noticed(mutant, cases.read(path)) for path in of_file)


def _is_noticed(mutant: Mutant, case: cases.Case) -> bool:
    sql = text_of(case)
    assert mutant.says in sql
    try:
        assert_agrees(case, sql.replace(mutant.says, mutant.instead))
    except (AssertionError, ExecutionError):
        return True
    return False
