"""deploy, destroy, remote-state: what they run, in which order, and when they stop."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from emulators.tmdb import SIMULATED_TOKEN
from tests.cli.answers import READ, VERSION, WELL, console
from tests.cli.fake_programs import Answers, Machine

STATE = """data.google_project.this
google_bigquery_dataset.this
google_bigquery_table.this["movies"]
google_cloudfunctions2_function.this["fetch_details"]
google_project_service.api["run"]
google_pubsub_topic.this["dead-letters"]
time_sleep.apis
time_sleep.build_roles"""
SHOWN = json.dumps(
    {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "type": "google_bigquery_dataset",
                        "values": {"dataset_id": "films"},
                    }
                ]
            }
        }
    }
)


WITH_DATA = json.dumps(
    {
        "values": {
            "root_module": {
                "resources": [
                    {
                        "type": "google_bigquery_dataset",
                        "values": {"dataset_id": "films", "location": "US"},
                    },
                    {"type": "google_bigquery_table", "values": {}},
                ]
            }
        }
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "terraform"
    folder.mkdir()
    (folder / "terraform.tfvars").write_text(
        'project_id = "my-project"\nregion = "us-central1"\n'
    )
    return folder


def _terraform(machine: Machine) -> list[str]:
    """Return the commands of terraform without `version`."""
    commands = [
        one.removeprefix("terraform ") for one in machine.calls if "terraform" in one
    ]
    return [
        one for one in commands if one.startswith(("init", "plan", "apply", "destroy"))
    ]


class TestDeploy:
    """Doctor, init, plan, ask, apply."""

    def _run(
        self, machine: Machine, folder: Path, tmdb: str, planned: int, answer: str = ""
    ) -> int:
        return self._deploy(machine, folder, tmdb, planned, answer).exit_code

    def _deploy(
        self,
        machine: Machine,
        folder: Path,
        tmdb: str,
        planned: int,
        answer: str = "",
        *,
        gcloud: Answers | None = None,
        terraform: Answers | None = None,
    ) -> Result:
        machine.install("gcloud", {**WELL, **(gcloud or {})})
        machine.install(
            "terraform",
            VERSION
            | READ
            | {"init": (0, ""), "plan": (planned, "a plan"), "apply": (0, "applied")}
            | dict(terraform or {}),
        )
        os.environ["TMDB_TOKEN"] = SIMULATED_TOKEN
        options = [f"--terraform={folder}", f"--tmdb-url={tmdb}"]
        result = CliRunner().invoke(app, ["deploy", *options], input=answer)
        assert SIMULATED_TOKEN not in result.output
        return result

    def test_a_confirmed_plan_is_applied_as_it_was_shown(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        assert self._run(machine, folder, tmdb, planned=2, answer="y\n") == 0
        assert _terraform(machine) == [
            "init -input=false",
            (
                "plan -input=false -detailed-exitcode -out=.build/deploy.tfplan "
                "-var=project_id=my-project -var=region=us-central1"
            ),
            "apply -input=false .build/deploy.tfplan",
        ]
        [applied] = [
            token
            for command, token in zip(machine.calls, machine.tokens, strict=True)
            if command.startswith("terraform apply")
        ]
        assert applied == SIMULATED_TOKEN
        assert not [one for one in machine.calls if SIMULATED_TOKEN in one]

    def test_a_refused_plan_changes_nothing(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        assert self._run(machine, folder, tmdb, planned=2, answer="n\n") == 1
        assert not [one for one in _terraform(machine) if one.startswith("apply")]
        assert not [one for one in machine.calls if "functions call" in one]

    def test_the_views_are_made_after_the_plan_is_applied(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        assert self._run(machine, folder, tmdb, planned=2, answer="y\n") == 0
        calls = machine.calls
        # The root creates the service agents, so `terraform apply` by hand works too.
        assert not [one for one in calls if "identity create" in one]
        applied = calls.index("terraform apply -input=false .build/deploy.tfplan")
        assert calls[-1] == (
            "gcloud functions call compute-metrics --project=my-project "
            '--region=us-central1 --data={"views": true}'
        )
        assert applied < len(calls) - 1

    @pytest.mark.parametrize(
        ("published", "code", "words"),
        [
            ((0, ""), 0, "waits in metrics-requests"),
            ((1, "ERROR: no"), 1, "run.routes.invoke"),
        ],
    )
    def test_views_that_cannot_be_made_yet_wait_in_the_queue(
        self,
        machine: Machine,
        folder: Path,
        tmdb: str,
        published: tuple[int, str],
        code: int,
        words: str,
    ) -> None:
        result = self._deploy(
            machine, folder, tmdb, 0,
            gcloud={
                "functions call": (1, "ERROR: (gcloud.functions.call) 503"),
                "functions call compute-metrics": (1, "ERROR: 503 Server Error"),
                "pubsub topics publish metrics-requests": published,
            },
        )  # fmt: skip
        assert result.exit_code == code
        assert "503 Server Error" in result.output
        assert words in result.output

    @pytest.mark.parametrize(
        ("console", "variable", "there"),
        [
            (console("films", "EU", ""), "bigquery_location", "US"),
            (console("movies", "US", ""), "dataset", "films"),
        ],
    )
    def test_data_elsewhere_than_wanted_is_refused_before_a_plan(
        self,
        machine: Machine,
        folder: Path,
        tmdb: str,
        console: tuple[int, str],
        variable: str,
        there: str,
    ) -> None:
        result = self._deploy(
            machine, folder, tmdb, 2, "y\n",
            terraform={"console": console, "show -json": (0, WITH_DATA)},
        )  # fmt: skip
        assert result.exit_code == 1
        assert f'{variable} = "{there}"' in result.output
        assert "docs/reference/configuration.md" in result.output
        assert _terraform(machine) == ["init -input=false"]

    def test_data_where_it_is_wanted_is_no_obstacle(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        result = self._deploy(
            machine, folder, tmdb, 0, terraform={"show -json": (0, WITH_DATA)}
        )
        assert result.exit_code == 0, result.output

    def test_an_empty_plan_is_not_applied(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        assert self._run(machine, folder, tmdb, planned=0) == 0
        assert len(_terraform(machine)) == 2

    def test_a_failed_plan_ends_it(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        assert self._run(machine, folder, tmdb, planned=1) == 1
        assert len(_terraform(machine)) == 2

    def test_nothing_is_planned_before_the_doctor_is_content(
        self, machine: Machine, folder: Path, tmdb: str
    ) -> None:
        machine.install("gcloud", WELL | {"auth list": (0, "[]")})
        machine.install("terraform", VERSION)
        os.environ["TMDB_TOKEN"] = SIMULATED_TOKEN
        result = CliRunner().invoke(
            app, ["deploy", f"--terraform={folder}", f"--tmdb-url={tmdb}"]
        )
        assert result.exit_code == 1
        assert "gcloud auth login" in result.output
        assert _terraform(machine) == []


class TestDestroy:
    """The data are deleted only after two confirmations."""

    def _run(
        self, machine: Machine, folder: Path, *options: str, typed: str = ""
    ) -> str:
        machine.install(
            "terraform",
            {
                "init -input=false": (0, ""),
                "state list": (0, STATE),
                "show -json": (0, SHOWN),
                "apply": (0, ""),
                "destroy": (0, ""),
            },
        )
        result = CliRunner().invoke(
            app, ["destroy", f"--terraform={folder}", *options], input=typed
        )
        return f"{result.exit_code} {result.output}"

    def test_the_data_and_what_it_needs_are_no_targets(
        self, machine: Machine, folder: Path
    ) -> None:
        assert self._run(machine, folder).startswith("0 The data is kept.")
        assert _terraform(machine) == [
            "init -input=false",
            (
                "destroy -input=false -var=project_id=my-project "
                "-var=region=us-central1 "
                '-target=google_cloudfunctions2_function.this["fetch_details"] '
                '-target=google_pubsub_topic.this["dead-letters"] '
                "-target=time_sleep.build_roles"
            ),
        ]

    def test_told_once_it_deletes_nothing(self, machine: Machine, folder: Path) -> None:
        text = self._run(machine, folder, "--delete-data", typed="yes\n")
        assert text.startswith("1 ")
        assert "yes is not films: nothing was deleted" in text
        assert _terraform(machine) == ["init -input=false"]

    def test_told_twice_it_lifts_the_protection_and_deletes(
        self, machine: Machine, folder: Path
    ) -> None:
        assert self._run(machine, folder, "--delete-data", typed="films\n")[0] == "0"
        variables = (
            "-input=false -var=project_id=my-project -var=region=us-central1 "
            "-var=delete_data=true"
        )
        assert _terraform(machine) == [
            "init -input=false",
            (
                f"apply {variables} -target=google_bigquery_dataset.this "
                '-target=google_bigquery_table.this["movies"] -auto-approve'
            ),
            f"destroy {variables} -auto-approve",
        ]


class TestRemoteState:
    """A private, versioned bucket, and a backend.tf that names it."""

    def _run(self, machine: Machine, folder: Path, *, is_there: bool, made: int) -> int:
        machine.install(
            "gcloud",
            {
                "storage buckets describe": (0 if is_there else 1, ""),
                "storage buckets create": (made, "" if made == 0 else "ERROR: taken"),
                "storage buckets update": (0, ""),
            },
        )
        machine.install("terraform", {"init -migrate-state": (0, "")})
        result = CliRunner().invoke(app, ["remote-state", f"--terraform={folder}"])
        return result.exit_code

    def test_a_bucket_is_made_and_named(self, machine: Machine, folder: Path) -> None:
        assert self._run(machine, folder, is_there=False, made=0) == 0
        assert "gs://my-project-terraform-state" in machine.calls[1]
        assert "--public-access-prevention" in machine.calls[1]
        assert machine.calls[2].endswith("--versioning")
        assert machine.calls[3] == "terraform init -migrate-state"
        written = (folder / "backend.tf").read_text()
        assert 'bucket = "my-project-terraform-state"' in written

    def test_a_bucket_that_is_there_is_used(
        self, machine: Machine, folder: Path
    ) -> None:
        assert self._run(machine, folder, is_there=True, made=1) == 0
        assert not [one for one in machine.calls if "create" in one]

    def test_a_dry_run_makes_and_moves_nothing(
        self, machine: Machine, folder: Path
    ) -> None:
        command = ["remote-state", f"--terraform={folder}", "--dry-run"]
        result = CliRunner().invoke(app, command)
        assert "would make gs://my-project-terraform-state" in result.output
        assert machine.calls == []
        assert not (folder / "backend.tf").exists()

    def test_without_a_bucket_the_state_stays_where_it_is(
        self, machine: Machine, folder: Path
    ) -> None:
        assert self._run(machine, folder, is_there=False, made=1) == 1
        assert not (folder / "backend.tf").exists()
