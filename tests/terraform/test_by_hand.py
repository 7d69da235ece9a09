"""The commands of docs/guides/deploy.md for a deployment by hand, in a clone."""

import json
import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from emulators.tmdb import SIMULATED_TOKEN
from tests.cli.fake_programs import Machine
from tests.terraform.driver import REPOSITORY, Root

pytestmark = pytest.mark.terraform

PROJECT = "my-project"
"""As the guide and terraform.tfvars.example say."""
NUMBER = str(int(sha256(PROJECT.encode()).hexdigest()[:11], 16))[:12]


def _block() -> str:
    page = (REPOSITORY / "docs/guides/deploy.md").read_text()
    [block] = re.findall(r"^```sh by-hand\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(block)


def _checkout(folder: Path) -> Path:
    """Copy the committed files, as a clone does."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever is on PATH
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    return folder


def test_the_page_deploys_a_new_project_by_hand(root: Root, tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "checkout")
    cloud = tmp_path / "cloud.json"
    # The fake provider knows one broad role of a build account, not the three narrow
    # ones that Google documents and the root grants.
    builder = f"serviceAccount:function-build@{PROJECT}.iam.gserviceaccount.com"
    granted = [["roles/cloudbuild.builds.builder", builder]]
    cloud.write_text(json.dumps({"fresh": True, "apis": [], "iam": granted}))
    programs = tmp_path / "programs"
    programs.mkdir()
    state = checkout / "terraform/terraform.tfstate"
    Machine(programs).install_project(PROJECT, NUMBER, cloud, state)
    environment = {
        name: value
        for name, value in root.environment().items()
        if not name.startswith("TF_VAR_")
    }
    environment |= {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "STANDIN_CLOUD": str(cloud),
        "TF_CLI_ARGS": "-no-color",
        "TMDB_TOKEN": SIMULATED_TOKEN,
    }
    done = subprocess.run(  # noqa: S603 - what our page says
        ["bash", "-euo", "pipefail", "-c", _block()],  # noqa: S607 - as a person has it
        cwd=checkout,
        env=environment,
        input="yes\n",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "Apply complete!" in done.stdout
    assert json.loads(cloud.read_text())["called"] == [
        ["compute-metrics", {"views": True}],
        ["ingest-changes", {"mode": "initial", "limit": 1000}],
    ]
    # The page says that the lock of the providers is committed.
    assert (checkout / "terraform/.terraform.lock.hcl").is_file()
