"""Programs of this machine: a command in, what it said out."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = 127
TIMEOUT_S = 90.0
NO_QUESTIONS = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
"""gcloud would otherwise wait for an answer that nobody sees it ask for."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program left: its exit code, and its text without the last line break."""

    code: int
    out: str
    error: str

    @property
    def is_ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    @property
    def first_error(self) -> str:
        """The first line of what it complained about."""
        return (self.error.strip().splitlines() or ["it said nothing"])[0]


def ask(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Said:
    """Run a program whose answer we read; `text` is what it finds on its input."""
    try:
        done = subprocess.run(  # noqa: S603 - our own commands
            command,
            cwd=cwd,
            env={**os.environ, **NO_QUESTIONS, **(env or {})},
            input=text,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except FileNotFoundError:
        return Said(NOT_FOUND, "", f"{command[0]} is not on PATH")
    except subprocess.TimeoutExpired:
        return Said(1, "", f"{command[0]} said nothing for {timeout_s:.0f} s")
    return Said(done.returncode, done.stdout.strip(), done.stderr)


def show(
    *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program that talks to the person itself; return its exit code."""
    try:
        return subprocess.run(  # noqa: S603 - our own commands
            command, cwd=cwd, env={**os.environ, **(env or {})}, check=False
        ).returncode
    except FileNotFoundError:
        return NOT_FOUND
