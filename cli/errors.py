"""The exit codes of all commands, and the error that ends a command with one.

`make` exits with 2 whenever a command fails: a script that decides by the code calls
`tmdb-traction` itself.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """How a command ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    IN_PROGRESS = 4
    UNREACHABLE = 5
    INTERRUPTED = 130


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "done, no problem found",
    Exit.FAILED: "a problem was found, or you answered no",
    Exit.USAGE: "wrong use: the error names the option",
    Exit.NOT_FOUND: "no project, no data, no such run or movie: see the hint",
    Exit.IN_PROGRESS: "still in progress",
    Exit.UNREACHABLE: "Google or the local stack does not answer: try again",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
}


class OperatorError(Exception):
    """An error that ends a command: a message, a hint and an exit code."""

    def __init__(self, code: Exit, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def leave(code: Exit) -> NoReturn:
    """End the command."""
    raise typer.Exit(code)


def as_help(codes: Mapping[Exit, str]) -> str:
    """Return the last lines of --help."""
    lines = (f"  {code:<3d}  {text}" for code, text in sorted(codes.items()))
    return "\n".join(("Exit codes:", *lines))
