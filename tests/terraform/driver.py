"""Run Terraform on a copy of the root module.

A copy, because init writes a lock file and apply a state, and neither is ours to keep.
Without an account: no provider finds credentials. A fake provider simulates a new
project, and refuses what that would refuse.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.cli.fake_programs import Machine

REPOSITORY = Path(__file__).parents[2]
WHAT_THE_ROOT_READS = (
    "terraform",
    "functions",
    "shared",
    "sql",
    "composer/dags",
    ".python-version",
)
LEFT_OUT = shutil.ignore_patterns(
    ".terraform*", "*.tfstate*", "*.tfvars", ".build", "backend.tf", "__pycache__"
)
TOKEN = "header.payload-that-must-not-leak.signature"  # noqa: S105 - nobody's token
SLACK_TOKEN = "xoxb-that-must-not-leak"  # noqa: S105 - the same
PROJECT = "demo-project-1"
TIMEOUT_S = 240
CALLER = "group:operators@example.com"
LOOKER = "group:readers@example.com"
CONTACT = "ops@example.com"
FIRST_APIS = ["cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"]
"""APIs that are enabled before the first plan; `tmdb-traction doctor` checks them."""
BUILDER = f"serviceAccount:function-build@{PROJECT}.iam.gserviceaccount.com"
NEW_PROJECT = {
    "fresh": True,
    "apis": FIRST_APIS,
    # The fake provider knows this one role of builds; ours are smaller, and the rule
    # builder_may_build holds them to Google's documentation.
    "iam": [["roles/cloudbuild.builds.builder", BUILDER]],
}
NUMBER = str(int(sha256(PROJECT.encode()).hexdigest()[:11], 16))[:12]
"""The project's number, as the fake provider derives it from the name."""

type Json = dict[str, Any]


class TerraformError(Exception):
    """A command has failed; the message is its output."""


@dataclass(frozen=True, slots=True)
class Root:
    """A copy of the repository's root module, with all it reads, below `folder`."""

    folder: Path

    @classmethod
    def copy_to(cls, folder: Path) -> "Root":
        """Copy what the root module reads."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in WHAT_THE_ROOT_READS:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, folder / name, ignore=LEFT_OUT)
            else:
                shutil.copy(source, folder / name)
        root = cls(folder)
        root.forget()
        return root

    def shorten(self) -> None:
        """Replace each source file of the functions by its hash.

        An archive still changes with each of its files. Terraform copies and hashes the
        text of all sources many times, which is half of the work of a plan.
        """
        for folder in ("functions", "shared", "sql"):
            for path in (self.folder / folder).rglob("*"):
                if path.is_file() and path.suffix != ".json":
                    path.write_text(sha256(path.read_bytes()).hexdigest())

    @property
    def cloud(self) -> Path:
        """The content of the fake provider's project."""
        return self.folder / "cloud.json"

    def forget(self) -> None:
        """Start with a new project."""
        self.cloud.write_text(json.dumps(NEW_PROJECT))

    @property
    def module(self) -> Path:
        """The folder that Terraform runs in."""
        return self.folder / "terraform"

    def text(self) -> str:
        """Return the text of all files of the module."""
        return "\n".join(path.read_text() for path in sorted(self.module.glob("*.tf")))

    def run(self, *arguments: str) -> str:
        """Run a command and return its output; TerraformError if it fails."""
        done = self.attempt(*arguments)
        if done.returncode:
            raise TerraformError(f"terraform {' '.join(arguments)}:\n{done.stdout}")
        return done.stdout

    def attempt(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command; return its result, also if it fails."""
        command, *rest = arguments
        return subprocess.run(  # noqa: S603 - our own arguments
            ["terraform", command, *rest],  # noqa: S607 - whichever is on PATH
            cwd=self.module,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )

    def plan(self, *options: str) -> Json:
        """Return the plan as `terraform show -json` prints it."""
        self.run("plan", "-no-color", "-input=false", "-out=tfplan", *options)
        plan: Json = json.loads(self.run("show", "-json", "tfplan"))
        return plan

    def copy(self, folder: Path) -> "Root":
        """Return a copy that is initialised as this one is."""
        return Root(Path(shutil.copytree(self.folder, folder, symlinks=True)))

    def _programs(self) -> Path:
        """Return a folder with a gcloud of the fake provider's project."""
        folder = self.folder / "programs"
        folder.mkdir(exist_ok=True)
        Machine(folder).install_project(
            PROJECT, NUMBER, self.cloud, self.module / "terraform.tfstate"
        )
        return folder

    def environment(self) -> dict[str, str]:
        """Return this environment without the variables of an account."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GOOGLE_", "CLOUDSDK_", "TF_VAR_", "TF_CLI_ARGS"))
        }
        nowhere = str(self.folder / "no-credentials")
        return kept | {
            "CLOUDSDK_CONFIG": nowhere,
            # Terraform runs for seconds: let it collect garbage a quarter as often.
            "GOGC": "400",
            "GCE_METADATA_HOST": "127.0.0.1:9",
            "HOME": nowhere,
            "PATH": f"{self._programs()}:{os.environ['PATH']}",
            "STANDIN_CLOUD": str(self.cloud),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_project_id": PROJECT,
            "TF_VAR_tmdb_token": TOKEN,
            # Alerts are on, so that they are tested.
            "TF_VAR_alert_emails": '["oncall@example.com"]',
            "TF_VAR_alert_slack": '{"channel": "#movies"}',
            "TF_VAR_alert_slack_token": SLACK_TOKEN,
            # So are the dashboard and Wikipedia.
            "TF_VAR_dashboard": "true",
            "TF_VAR_wikipedia": json.dumps({"contact": CONTACT}),
            "TF_VAR_operators": json.dumps([CALLER]),
            "TF_VAR_readers": json.dumps([LOOKER]),
        }


def planned(plan: Json) -> list[Json]:
    """List every planned resource, data sources left out."""
    resources = plan["planned_values"]["root_module"]["resources"]
    return [item for item in resources if item["mode"] == "managed"]


def configured(plan: Json) -> list[Json]:
    """List every resource block as it is written, references unresolved."""
    resources = plan["configuration"]["root_module"]["resources"]
    # A block without arguments has no expressions.
    return [
        {"expressions": {}} | item for item in resources if item["mode"] == "managed"
    ]
