"""Run programs of this machine (gcloud, terraform) and return what they print."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = 127
TIMEOUT_S = 90.0
NO_QUESTIONS = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
"""Otherwise gcloud would wait for the answer to a hidden question."""


@dataclass(frozen=True, slots=True)
class Result:
    """Exit code, stdout (without the last line break) and stderr of a program."""

    code: int
    out: str
    error: str

    @property
    def is_ok(self) -> bool:
        """Whether its exit code is 0."""
        return self.code == 0

    @property
    def first_error(self) -> str:
        """The first line of its stderr."""
        return (self.error.strip().splitlines() or ["it printed nothing"])[0]


def ask(
    *command: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    text: str = "",
    timeout_s: float = TIMEOUT_S,
) -> Result:
    """Run a program and return its output; `text` is its stdin."""
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
        return Result(NOT_FOUND, "", f"{command[0]} is not on PATH")
    except subprocess.TimeoutExpired:
        return Result(1, "", f"{command[0]} printed nothing for {timeout_s:.0f} s")
    return Result(done.returncode, done.stdout.strip(), done.stderr)


def show(
    *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program on this terminal; return its exit code."""
    try:
        return subprocess.run(  # noqa: S603 - our own commands
            command, cwd=cwd, env={**os.environ, **(env or {})}, check=False
        ).returncode
    except FileNotFoundError:
        return NOT_FOUND
