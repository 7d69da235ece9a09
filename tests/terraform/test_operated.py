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
    listed = root.run("state", "list").splitlines()
    return {re.split(r"[.\[]", one)[0] for one in listed}


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

    said = _operate(root, programs, *deploy)
    assert "gcloud functions call ingest-changes" in said
    assert SIMULATED_TOKEN not in said

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
