"""All make targets and commands that the repository names exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.__main__ import COMMANDS, app
from tests.repository import ROOT, texts

OWN = Path(__file__).relative_to(ROOT).as_posix()
"""This file, whose tests name commands that do not exist."""
TARGETS = frozenset(
    re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
)
NAMES = frozenset(one.name for one in COMMANDS)
RETIRED = frozenset({"dictionary"})
GROUP: Any = typer.main.get_command(app)
OPTIONS = {
    name: {option for one in command.params for option in one.opts} | {"--help"}
    for name, command in GROUP.commands.items()
} | {"": {"--help", "--install-completion", "--show-completion"}}

QUOTED_TARGET = re.compile(r"(?m)(?:`|^ *|\")make ([a-z][a-z-]*)")
TARGET = re.compile(r"\bmake ([a-z][a-z-]*)")
COMMAND = re.compile(r"(?<![\w./-])tmdb-traction ([^`\n]*)")
END = re.compile(r"[;#|\\]| {2}|, |: |['\"].?$")
"""The end of a command within a line."""
PROSE = frozenset({"authors"})
"""Other words after the project's name."""


def _wrong(text: str, *, is_page: bool) -> Iterator[str]:
    """Yield the commands and targets in a text that do not exist."""
    named = set(QUOTED_TARGET.findall(text)) if is_page else set()
    # "make sure" is English, not a target.
    named |= set(TARGET.findall(text)) & (NAMES | RETIRED)
    yield from (f"make {name}" for name in named - TARGETS)
    if is_page:
        yield from re.findall(r"python -m cli\b", text)
    for line in COMMAND.findall(text):
        words = END.split(re.sub(r'"[^"]*"', "TEXT", line))[0]
        name = re.match(r"[a-z][a-z-]*(?![\w-])|(?=--)", words)
        if not name or name[0] in PROSE:
            continue
        if name[0] not in OPTIONS:
            yield f"tmdb-traction {name[0]}"
            continue
        for option in re.findall(r"(?<!\S)--[a-z-]+", words):
            if option not in OPTIONS[name[0]]:
                yield f"tmdb-traction {name[0]} {option}"


def test_every_target_and_command_that_is_named_exists() -> None:
    found = {
        name: wrong
        for name in texts()
        if name != OWN
        and (
            wrong := sorted(
                _wrong((ROOT / name).read_text(), is_page=name.endswith(".md"))
            )
        )
    }
    assert not found


def test_the_pictures_show_commands_that_exist() -> None:
    for picture in (ROOT / "docs/images").glob("*.svg"):
        text = picture.read_text().replace("&#160;", " ")
        assert not list(_wrong(text, is_page=False)), picture.name


@pytest.mark.parametrize(
    "text",
    [
        "run `make explain MOVIE=1`",
        "# make dictionary",
        "`make nothing`",
        "```sh\nmake lod\n```",
        "then tmdb-traction lod",
        "tmdb-traction load --limits 5",
        '`tmdb-traction explain "a title" --on 2026-03-01`',
        "tmdb-traction --completion",
    ],
)
def test_a_name_that_does_not_exist_is_noticed(text: str) -> None:
    assert list(_wrong(text, is_page=True))


@pytest.mark.parametrize(
    "text",
    [
        "make sure that it works",
        "`make demo TMDB_TOKEN=x`",
        "the tmdb-traction authors",
        '`tmdb-traction explain "a --title" --day 2026-03-01`',
        "f'tmdb-traction backfill --from {day} --to {day}'",
        "tmdb-traction --install-completion",
    ],
)
def test_other_words_are_left_alone(text: str) -> None:
    assert not list(_wrong(text, is_page=False))
