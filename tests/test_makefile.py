"""The Makefile takes variables from make's command line only, not from the shell."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THEIRS = {
    "BASH_ENV": "/nowhere",
    "DRY_RUN": "1",
    "FULL": "moon",
    "MOVIES": "/home/them/movies",
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "SEEDS": "of grass",
    "TODAY": "Thursday",
    "YES": "1",
}

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


def _make(*words: str, recipe: str = "") -> str:
    """Return what make prints in a user's shell; `recipe` is of a target `probe`."""
    made = subprocess.run(  # noqa: S603 - our own Makefile
        ["make", "--file=-", *words],  # noqa: S607 - the PATH's make
        cwd=ROOT,
        env={**os.environ, **THEIRS},
        input=f"include Makefile\nprobe:\n\t{recipe or 'true'}\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return made.stdout + made.stderr


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("bench-peers", "-m benchmarks.peers "),
        ("deploy", "tmdb-traction deploy "),
        ("destroy", "tmdb-traction destroy "),
        ("local", "-m local.serve "),
        ("soak", "-m benchmarks.fault_injection --seeds 200"),
    ],
)
def test_an_option_is_never_taken_from_the_environment(
    target: str, command: str
) -> None:
    output = _make("--dry-run", target, "PROJECT=")
    assert command in output
    assert output.rpartition(command)[2].strip() == ""


def test_an_option_is_taken_from_the_command_line() -> None:
    output = _make("--dry-run", "deploy", "PROJECT=my-project", "YES=1")
    assert "tmdb-traction deploy --project=my-project" in output
    assert "--yes" in output
    assert "--movies=5" in _make("--dry-run", "local", "MOVIES=5")


def test_help_lists_every_target_below_a_heading_in_80_columns() -> None:
    output = re.sub(r"\x1b\[\d+m", "", _make("help"))
    listed = re.findall(r"^  ([a-z-]+) +\S", output, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text()
    assert set(listed) == set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    headings = re.findall(r"^(\w+)$", output, re.MULTILINE)
    assert headings == ["Try", "Deploy", "Develop", "Measure"]
    assert max(map(len, output.splitlines())) <= 80


def test_a_recipe_gets_none_of_pythons_and_bashs_own_variables() -> None:
    names = {line.partition("=")[0] for line in _make("probe", recipe="@env").split()}
    assert "PATH" in names
    assert {name for name in names if name.startswith("PYTHON")} == set()
    assert "BASH_ENV" not in names
