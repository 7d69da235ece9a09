"""Deploy, change and destroy with the commands: Terraform with a fake cloud.

The fake provider and the fake gcloud have the same new project: APIs are disabled,
service agents are missing, and a build may fail.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.deployment.preflight_questions import FIRST_APIS
from emulators.tmdb import SIMULATED_TOKEN
from tests.cli.fake_programs import Machine
from tests.terraform.driver import NUMBER, PROJECT, REPOSITORY, Root

pytestmark = pytest.mark.terraform

ASKED_FOR_VIEWS = ["compute-metrics", {"views": True}]


@dataclass(frozen=True, slots=True)
class Life:
    """A copy of the root, with its fake project and a fake gcloud."""

    root: Root
    cloud: Path
    programs: Path
    tmdb: str

    @classmethod
    def begin(cls, root: Root, folder: Path, tmdb: str) -> "Life":
        """Start with a project in which only the first APIs are enabled."""
        copy = root.copy(folder / "copy")
        life = cls(copy, folder / "cloud.json", folder / "programs", tmdb)
        life.programs.mkdir()
        # The fake provider knows one broad role of a build account, and not the three
        # narrow ones that Google documents and the root grants.
        builder = f"serviceAccount:function-build@{PROJECT}.iam.gserviceaccount.com"
        granted = [["roles/cloudbuild.builds.builder", builder]]
        life.change(fresh=True, apis=list(FIRST_APIS), iam=granted)
        Machine(life.programs).install_project(
            PROJECT, NUMBER, life.cloud, copy.module / "terraform.tfstate"
        )
        return life

    def change(self, **fields: object) -> None:
        """Change the project's file."""
        self.cloud.write_text(json.dumps({**self.read(), **fields}))

    def read(self) -> dict[str, object]:
        """Return the content of the project's file."""
        return json.loads(self.cloud.read_text()) if self.cloud.is_file() else {}

    def operate(self, *command: str, code: int = 0) -> str:
        """Run a command; check its exit code."""
        environment = self.root.environment() | {
            "PATH": f"{self.programs}:{os.environ['PATH']}",
            "STANDIN_CLOUD": str(self.cloud),
            "TF_CLI_ARGS": "-no-color",
            "TF_VAR_tmdb_token": SIMULATED_TOKEN,
        }
        if command[0] == "destroy":  # this needs no token
            del environment["TF_VAR_alert_slack_token"]
        if command[0] == "deploy":
            command = (*command, f"--tmdb-url={self.tmdb}")
        done = subprocess.run(  # noqa: S603 - our own command
            [
                sys.executable, "-m", "cli", *command,
                f"--project={PROJECT}", f"--terraform={self.root.module}",
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
        assert done.returncode == code, done.stdout
        assert SIMULATED_TOKEN not in done.stdout
        return done.stdout

    def gcloud(self, line: str) -> None:
        """Run a command line that was printed for the user."""
        words = shlex.split(line)
        assert words[0] == "gcloud"
        subprocess.run(  # noqa: S603 - what we have printed
            [str(self.programs / "gcloud"), *words[1:]], check=True
        )

    def kinds(self) -> set[str]:
        """Return the types of the resources in Terraform's state."""
        listed = self.root.attempt("state", "list")  # fails before there is a state
        lines = listed.stdout.splitlines() if listed.returncode == 0 else []
        return {re.split(r"[.\[]", one)[0] for one in lines}

    def change_code(self, function: str) -> None:
        """Change a byte of a function."""
        with (self.root.folder / f"functions/{function}/main.py").open("a") as file:
            file.write("#")


def test_deployed_destroyed_deployed_again_and_its_data_deleted(
    planned_root: Root, tmp_path: Path, tmdb: str
) -> None:
    life = Life.begin(planned_root, tmp_path, tmdb)

    assert "A dry run" in life.operate("deploy", "--yes", "--dry-run")
    assert life.kinds() == set()
    assert not life.read()["agents"]

    # Without an answer, the plan is not applied, and the project is unchanged.
    before = life.read()
    assert "error: the question was not answered" in life.operate("deploy", code=2)
    assert life.kinds() == set()
    assert life.read() == before

    output = life.operate("deploy", "--yes")
    assert "gcloud functions call ingest-changes" in output
    assert life.read()["called"] == [ASKED_FOR_VIEWS]

    there = life.kinds()
    for more in ((), ("--delete-data",)):
        output = life.operate("destroy", *more, "--dry-run")
        assert "to destroy" in output
        assert life.kinds() == there

    output = life.operate("destroy", "--yes")
    assert "The data is kept." in output
    assert life.kinds() >= {"google_bigquery_dataset", "google_bigquery_table"}
    assert "google_cloudfunctions2_function" not in life.kinds()

    output = life.operate("deploy", "--yes")
    assert not re.search(r"google_bigquery_(dataset|table)\.\S* will be", output)
    assert "0 to change, 0 to destroy" in output

    deleted = ("destroy", "--delete-data", "--really-delete=tmdb_analytics")
    life.operate(*deleted)
    assert life.kinds() == set()


@pytest.mark.exhaustive
def test_a_build_that_fails_is_reported_and_built_again(
    planned_root: Root, tmp_path: Path, tmdb: str
) -> None:
    life = Life.begin(planned_root, tmp_path, tmdb)

    # First deployment: nothing serves yet.
    life.change(failing_builds=["fetch-details"])
    output = life.operate("deploy", "--yes", code=1)
    assert re.search(r"✗ fetch-details +FAILED: Build failed: could not find", output)
    assert "called" not in life.read()
    life.change(failing_builds=[])
    output = life.operate("deploy", "--yes")
    assert "fetch-details" in output
    assert life.read()["called"] == [ASKED_FOR_VIEWS]

    # Later: the old version still serves, and Terraform plans no change.
    life.change_code("fetch_details")
    life.change(failing_builds=["fetch-details"])
    modified = 'this["fetch_details"]: Modifying...'
    for done in (modified, "Building again: fetch_details"):
        output = life.operate("deploy", "--yes", code=1)
        assert done in output
        assert re.search(r"✗ fetch-details +it still serves \w{8}, an older", output)
        assert "Build failed: could not find a version" in output
    served = life.read()["served"]

    life.change(failing_builds=[])
    output = life.operate("deploy", "--yes", "--dry-run")
    assert "an older archive" in output
    output = life.operate("deploy", "--yes")
    first, _, again = output.partition("Building again: fetch_details")
    assert modified not in first
    assert modified in again
    # In place: the push endpoint and the permissions stay.
    replaced = set(re.findall(r"# (\S+) must be replaced", again))
    replaced |= set(re.findall(r"# (\S+) will be replaced", again))
    assert replaced == {
        'google_storage_bucket_object.source["fetch_details"]',
        'terraform_data.build["fetch_details"]',
    }
    assert "# google_cloud_run_v2_service_iam_member" not in again
    assert life.operate("deploy", "--yes").count("Building again") == 0
    assert life.read()["served"] != served
