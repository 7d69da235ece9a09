"""The page of the commands: made from them, fresh, complete."""

import pytest

from cli.__main__ import COMMANDS
from tools import command_reference

PAGE = command_reference.page()


def test_the_page_is_fresh() -> None:
    assert command_reference.PAGE.read_text() == PAGE, "stale: make docs"


@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
def test_a_command_has_a_section_with_an_example_and_exit_codes(name: str) -> None:
    section = PAGE.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert f"```sh\ntmdb-traction {name}" in section
    assert "\nExit codes: 0 " in section
