"""A machine with fake programs on PATH, which answer as the real ones do."""

import json
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = """#!{python}
import json, os, pathlib, sys

here = pathlib.Path(__file__).parent
name = pathlib.Path(__file__).name
words = " ".join(sys.argv[1:])
with (here / "calls").open("a") as calls:
    calls.write(f"{{name}} {{words}}\\n")
with (here / "tokens").open("a") as tokens:
    tokens.write(os.environ.get("TF_VAR_tmdb_token", "") + "\\n")
answers = json.loads((here / f"{{name}}.json").read_text())
for start, (code, text) in answers.items():
    if words.startswith(start):
        print(text, file=sys.stderr if code else sys.stdout)
        sys.exit(code)
print(f"ERROR: {{name}} was not expected to be called: {{words}}", file=sys.stderr)
sys.exit(64)
"""

FAKE_GCLOUD = Path(__file__).parent / "fake_gcloud.py"

type Answers = Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder of programs, which is the whole PATH."""

    folder: Path

    def install(self, name: str, answers: Answers) -> None:
        """Install a program: beginning of its arguments -> exit code and output."""
        program = self.folder / name
        program.write_text(_PROGRAM.format(python=sys.executable))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        (self.folder / f"{name}.json").write_text(json.dumps(answers))

    def install_project(
        self, project: str, number: str, cloud: Path, state: Path
    ) -> None:
        """Install a gcloud for the project of the fake provider."""
        named = {"project": project, "number": number, "cloud": str(cloud)}
        (self.folder / "project.json").write_text(
            json.dumps(named | {"state": str(state)})
        )
        program = self.folder / "gcloud"
        program.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{FAKE_GCLOUD}" "$0" "$@"\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        """Every command that was run, in order."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.is_file() else []

    @property
    def tokens(self) -> list[str]:
        """The TF_VAR_tmdb_token of each command."""
        return (self.folder / "tokens").read_text().splitlines()
