"""The hooks of `make check`: each notices a mistake of its kind."""

import base64
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
HOOKS = {hook["id"]: hook for repo in CONFIG["repos"] for hook in repo["hooks"]}
RUN = "tools/uv run --locked --quiet "


def _token() -> str:
    """Return a text that looks like a read token of TMDB."""
    parts = ({"alg": "HS256"}, {"aud": "0" * 32, "scopes": ["api_read"]})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
    return ".".join([*(part.decode().rstrip("=") for part in encoded), "a1" * 20])


MISTAKES = {
    "ruff-check": "import os\n",
    "ruff-format": "value = {  'a':1 }\n",
    "typos": "# It happens to rec_ieve nothing.\n".replace("_", ""),
    "detect-secrets": f'SECRET = "{_token()}"\n',
}
CLEAN = '"""Nothing is wrong here."""\n'


def _run(hook: str, file: Path) -> int:
    """Run a hook on a file with this environment's tool; return its exit code."""
    words = shlex.split(HOOKS[hook]["entry"].removeprefix(RUN))
    command = [str(Path(sys.executable).parent / words[0]), *words[1:], str(file)]
    return subprocess.run(  # noqa: S603 - our own hooks
        command, cwd=ROOT, capture_output=True, check=False
    ).returncode


@pytest.mark.parametrize("hook", MISTAKES)
def test_a_hook_notices_its_mistake_and_nothing_else(hook: str, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    file = tmp_path / "mistake.py"
    file.write_text(CLEAN)
    assert _run(hook, file) == 0
    file.write_text(MISTAKES[hook])
    # The formatter repairs the file: pre-commit sees that it has changed.
    assert _run(hook, file) != 0 or file.read_text() != MISTAKES[hook]


def test_every_tool_comes_from_the_lock() -> None:
    """A hook with its own version of a tool would never be updated."""
    assert {repo["repo"] for repo in CONFIG["repos"]} == {"local"}
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}
