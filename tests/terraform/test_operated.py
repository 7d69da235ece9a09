"""A deployment's life by the operator's commands: real Terraform, a pretended cloud."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from local.tmdb_simulator import SIMULATED_TOKEN
from tests.ops.machine import Machine
from tests.ops.test_doctor import WELL
from tests.terraform.driver import PROJECT, REPOSITORY, Root

pytestmark = pytest.mark.terraform


def _operate(root: Root, gcloud: Path, *command: str) -> str:
    environment = root.environment()
    environment |= {
        "PATH": f"{gcloud}:{environment['PATH']}",
        "TF_VAR_tmdb_token": SIMULATED_TOKEN,
        "TF_CLI_ARGS": "-no-color",
    }
    if command[0] == "destroy":  # nobody should have to know a token for that
        del environment["TF_VAR_alert_slack_token"]
    done = subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable, "-m", "ops", *command,
            f"--project={PROJECT}", f"--terraform={root.module}",
        ],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout


def _kinds(root: Root) -> set[str]:
    listed = root.attempt("state", "list")  # fails before there is a state
    lines = listed.stdout.splitlines() if listed.returncode == 0 else []
    return {re.split(r"[.\[]", one)[0] for one in lines}


def test_deployed_destroyed_deployed_again_and_its_data_deleted(
    planned_root: Root, tmp_path: Path, tmdb: str
) -> None:
    root = planned_root.copy(tmp_path / "copy")
    programs = tmp_path / "programs"
    programs.mkdir()
    described = f"projects describe {PROJECT}"
    answers = WELL | {described: WELL["projects describe my-project"]}
    Machine(programs).install("gcloud", answers)
    deploy = ("deploy", "--yes", f"--tmdb-url={tmdb}")

    assert "A dry run" in _operate(root, programs, *deploy, "--dry-run")
    assert _kinds(root) == set()

    said = _operate(root, programs, *deploy)
    assert "gcloud functions call ingest-changes" in said
    assert SIMULATED_TOKEN not in said

    there = _kinds(root)
    for more in ((), ("--delete-data",)):
        said = _operate(root, programs, "destroy", *more, "--dry-run")
        assert "to destroy" in said
        assert _kinds(root) == there

    said = _operate(root, programs, "destroy", "--yes")
    assert "The data is kept." in said
    assert _kinds(root) >= {"google_bigquery_dataset", "google_bigquery_table"}
    assert "google_cloudfunctions2_function" not in _kinds(root)

    said = _operate(root, programs, *deploy)
    assert not re.search(r"google_bigquery_(dataset|table)\.\S* will be", said)
    assert "0 to change, 0 to destroy" in said

    deleted = ("destroy", "--delete-data", "--really-delete=tmdb_analytics")
    _operate(root, programs, *deleted)
    assert _kinds(root) == set()
