"""Exits: every code a command may end with, for scripts; `--help` prints what it means.

`make` answers 2 whenever a command ends with anything but 0: scripts call
`python -m cli`.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    AMISS = 1
    USAGE = 2
    NOTHING_THERE = 3
    NOT_YET = 4
    UNREACHABLE = 5
    STOPPED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "done, nothing amiss",
    Exit.AMISS: "something to mend, or you said no",
    Exit.USAGE: "wrong use: the text names the option",
    Exit.NOTHING_THERE: "no project, no data, no such run or movie: the text says how",
    Exit.NOT_YET: "under way: ask again",
    Exit.UNREACHABLE: "Google or the local stack does not answer: try again",
    Exit.STOPPED: "Ctrl-C",
}


class OperatorError(Exception):
    """A command cannot go on: what is wrong, what to do about it, and the code."""

    def __init__(self, code: Exit, said: str, remedy: str = "") -> None:
        super().__init__(said)
        self.code = code
        self.said = said
        self.remedy = remedy


def leave(code: Exit) -> NoReturn:
    """End the command."""
    raise typer.Exit(code)


def in_words(codes: Mapping[Exit, str]) -> str:
    """Return the line that --help ends with."""
    parts = "; ".join(f"{code:d} {text}" for code, text in sorted(codes.items()))
    return f"Exit codes: {parts}."
