"""gcloud: the real one takes every command that we run or show, names and flags.

Without an account none of them goes further than its arguments: it ends with 1, and
with 2 where a command or a flag is not known.
"""

import os
import re
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from emulators.tmdb import SIMULATED_TOKEN
from tests.cli.answers import READ, VERSION, WELL
from tests.cli.fake_programs import Machine
from tests.conftest import ROOT

GCLOUD = shutil.which("gcloud")
UNKNOWN = 2


def _on_pages() -> set[str]:
    """Return the commands of shell blocks and of inline code."""
    found: set[str] = set()
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))):
        text = page.read_text().replace("\\\n", " ")
        found |= set(re.findall(r"^ *(gcloud [^\n#]*)", text, re.MULTILINE))
        found |= set(re.findall(r"`(gcloud [^`\n]* --[^`\n]*)`", text))
    return {one.strip() for one in found if "auth login" not in one}


def _that_we_run(machine: Machine, tmp_path: Path, tmdb: str) -> set[str]:
    """Return the commands of doctor, deploy and remote-state without a problem."""
    machine.install(
        "gcloud", {**WELL, "storage buckets": (0, ""), "pubsub topics": (0, "")}
    )
    answers = VERSION | READ | {"init": (0, ""), "plan": (0, ""), "apply": (0, "")}
    machine.install("terraform", answers)
    os.environ["TMDB_TOKEN"] = SIMULATED_TOKEN
    (tmp_path / "variables.tf").write_text('variable "region" {\n  default = "r-1"\n}')
    there = ["--project=my-project", f"--terraform={tmp_path}"]
    for command in (
        ["doctor", "--region=us-central1", f"--tmdb-url={tmdb}"],
        ["deploy", "--region=us-central1", f"--tmdb-url={tmdb}", "--yes"],
        ["remote-state", "--region=us-central1"],
    ):
        result = CliRunner().invoke(app, [*command, *there])
        assert result.exit_code == 0, result.output
    return {one for one in machine.calls if one.startswith("gcloud ")}


def _take(command: str, config: Path) -> str:
    """Return the part of a command that gcloud does not know; "" if it knows all."""
    # The fake's record has no quotes around arguments with spaces.
    words = shlex.split(re.sub(r"(--\w+=)(\{.*\})", r"\1'\2'", command))
    done = subprocess.run(  # noqa: S603 - commands that we wrote
        [str(GCLOUD), *words[1:]],
        env={
            "PATH": os.environ["PATH"],
            "CLOUDSDK_CONFIG": str(config),
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "false",
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "HOME": str(config),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return f"{command}: {done.stderr}" if done.returncode == UNKNOWN else ""


@pytest.mark.skipif(not GCLOUD, reason="needs the Google Cloud CLI on PATH")
@pytest.mark.exhaustive
def test_gcloud_takes_every_command(
    machine: Machine, tmp_path: Path, tmdb: str
) -> None:
    path = os.environ["PATH"]
    commands = _that_we_run(machine, tmp_path, tmdb) | _on_pages()
    os.environ["PATH"] = f"{path}:/usr/bin:/bin"
    assert len(commands) > 20
    wrong = "gcloud functions regions list --generation=2"
    config = tmp_path / "config"
    config.mkdir()
    with ThreadPoolExecutor(4) as pool:
        refused = list(pool.map(lambda one: _take(one, config), [wrong, *commands]))
    assert refused[0]
    assert [one for one in refused[1:] if one] == []
