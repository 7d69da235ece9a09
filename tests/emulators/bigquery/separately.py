"""Run a module that uses the emulator's internals in a process of its own."""

import json
import subprocess
import sys
from typing import Any

from tests.conftest import ROOT


def printed_by(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this folder; return the JSON that it prints."""
    done = subprocess.run(  # noqa: S603 - our own module
        [
            sys.executable,
            "-m",
            f"tests.emulators.bigquery.{module}",
            *map(str, arguments),
        ],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,  # its errors are shown with the test
        text=True,
    )
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed
