"""GitHub's workflows: pinned, with the least rights, and never from a pull request."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

FOLDER = ROOT / ".github/workflows"
FILES = sorted(FOLDER.glob("*.yml"))
ZIZMOR = Path(sys.executable).parent / "zizmor"
DEPLOYABLE = {"TFVARS": 'project_id = "my-project"', "TMDB_TOKEN": "a.b.c"}
SLACK = {"ALERT_SLACK_TOKEN": "xoxb-1"}
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def _read(name: str) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    text = (FOLDER / name).read_text().replace("\non:", '\n"on":')
    read: dict[str, Any] = yaml.safe_load(text)
    return read


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_is_pinned_by_commit_with_its_version(file: Path) -> None:
    used = re.findall(r"uses: .*", file.read_text())
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_workflow_may_nothing_and_each_job_the_least(file: Path) -> None:
    workflow = _read(file.name)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        rights = job["permissions"]
        least = {"contents": "read"}
        if file.name == "deploy.yml":
            least["id-token"] = "write"
        assert rights == least, name


def test_a_pull_request_is_tested_by_the_same_commands_as_a_laptop() -> None:
    ci = _read("ci.yml")
    assert "pull_request" in ci["on"]
    ran = [step.get("run") for job in ci["jobs"].values() for step in job["steps"]]
    assert ".ci/run" in ran
    assert "secrets." not in (FOLDER / "ci.yml").read_text()


def test_only_main_is_deployed() -> None:
    deploy = _read("deploy.yml")
    assert deploy["on"] == {"push": {"branches": ["main"]}, "workflow_dispatch": None}
    assert "github.ref == 'refs/heads/main'" in deploy["jobs"]["plan"]["if"]
    assert deploy["jobs"]["deploy"]["needs"] == "plan"
    assert deploy["concurrency"]["cancel-in-progress"] is False


def test_the_linter_takes_the_workflows_and_notices_a_tag(tmp_path: Path) -> None:
    copy = tmp_path / ".github"
    shutil.copytree(ROOT / ".github", copy)
    command = [str(ZIZMOR), "--offline", "--no-progress", "--quiet", str(copy)]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own command
    ci = copy / "workflows/ci.yml"
    ci.write_text(re.sub(r"checkout@\w+ # ", "checkout@", ci.read_text()))
    noticed = subprocess.run(  # noqa: S603 - the same
        command, check=False, capture_output=True, text=True
    )
    assert noticed.returncode != 0
    assert "unpinned-uses" in noticed.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Create a deployable repository, with a make that prints its arguments."""
    for name, text in (
        (
            "bin/make",
            '#!/bin/sh\necho "make $* slack=${TF_VAR_alert_slack_token-none}"\n',
        ),
        (".github/deploy", (ROOT / ".github/deploy").read_text()),
        ("terraform/backend.tf", ""),
        ("terraform/.terraform.lock.hcl", ""),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
    return tmp_path


def _deploy(checkout: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(  # noqa: S603 - our own script
        [checkout / ".github/deploy", "YES=1"],
        env={"PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_a_team_shares_is_deployed(checkout: Path) -> None:
    done = _deploy(checkout, **DEPLOYABLE, ALERT_SLACK_TOKEN="")
    assert done.stdout == "make deploy YES=1 slack=none\n", done.stderr
    written = (checkout / "terraform/terraform.tfvars").read_text()
    assert written == 'project_id = "my-project"\n'
    done = _deploy(checkout, **DEPLOYABLE, **SLACK)
    assert done.stdout == "make deploy YES=1 slack=xoxb-1\n"


@pytest.mark.parametrize("missing", ["backend.tf", ".terraform.lock.hcl"])
def test_without_a_shared_file_nothing_is_deployed(
    checkout: Path, missing: str
) -> None:
    (checkout / "terraform" / missing).unlink()
    done = _deploy(checkout, **DEPLOYABLE)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"terraform/{missing} is missing" in done.stderr


@pytest.mark.parametrize("missing", list(DEPLOYABLE))
def test_without_a_setting_nothing_is_deployed(checkout: Path, missing: str) -> None:
    given = {name: text for name, text in DEPLOYABLE.items() if name != missing}
    done = _deploy(checkout, **given)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{missing} is missing" in done.stderr
