"""The Makefile in a user's shell: only variables given to make count."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
THEIRS = {
    "BASH_ENV": "/nowhere",
    "DAYS": "many",
    "DRY_RUN": "1",
    "FORCE": "1",
    "FROM": "me@example.com",
    "LIMIT": "unlimited",
    "MOVIE": "their.mkv",
    "OUT": "/nowhere",
    "PYTHONHOME": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONSAFEPATH": "1",
    "PYTHONWARNINGS": "error",
    "TO": "you@example.com",
    "YES": "1",
}

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


def _make(*words: str, recipe: str = "") -> str:
    """Return what make prints in their shell; `recipe` is of a target `probe`."""
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
    "target", ["load", "plan", "backfill", "cost", "export", "status", "deploy"]
)
def test_an_option_is_never_taken_from_the_environment(target: str) -> None:
    said = _make("--dry-run", target, "VIEW=v_breakouts")
    assert f"-m cli {target}" in said
    assert "--" not in said.rpartition(f"cli {target}")[2]


def test_an_option_is_taken_from_the_command_line() -> None:
    said = _make("--dry-run", "load", "LIMIT=5", "YES=1")
    assert "cli load --limit=5" in said
    assert "--yes" in said


def test_a_movie_may_be_called_anything() -> None:
    assert "write MOVIE=" in _make("--dry-run", "explain")
    title = '-30- "x" `y`; #z'
    recipe = "@printf '%s\\n' $(OPS) explain; printf '<%s>\\n' \"$$MOVIE\""
    assert f"<{title}>" in _make("probe", f"MOVIE={title}", recipe=recipe)
    assert 'explain  -- "$MOVIE"' in _make("--dry-run", "explain", f"MOVIE={title}")


def test_a_recipe_gets_none_of_pythons_and_bashs_own_variables() -> None:
    names = {line.partition("=")[0] for line in _make("probe", recipe="@env").split()}
    assert "PATH" in names
    assert {name for name in names if name.startswith("PYTHON")} == set()
    assert "BASH_ENV" not in names
