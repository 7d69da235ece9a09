"""doctor: each thing that can be wrong is said once, with what to do about it."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from emulators.tmdb import SIMULATED_API_KEY, SIMULATED_TOKEN
from tests.cli.answers import (
    FIRST_APIS,
    VERSION,
    WELL,
    apis,
    deployed,
    regions,
)
from tests.cli.fake_programs import Machine


@pytest.fixture
def well(machine: Machine) -> Machine:
    machine.install("gcloud", WELL)
    machine.install("terraform", VERSION)
    os.environ["TMDB_TOKEN"] = SIMULATED_TOKEN
    return machine


def _doctor(tmdb: str, *options: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(
        app,
        ["doctor", "--project=my-project", f"--tmdb-url={tmdb}", "--json", *options],
    )
    return result.exit_code, {one["name"]: one for one in json.loads(result.stdout)}


def test_a_machine_that_has_everything_is_well(well: Machine, tmdb: str) -> None:
    code, findings = _doctor(tmdb)
    assert code == 0
    assert {one["ok"] for one in findings.values()} == {True}
    assert findings["login"]["message"] == "me@example.com"


@pytest.mark.parametrize(
    ("replies", "name", "hint"),
    [
        ({"auth list": (0, "[]")}, "login", "gcloud auth login"),
        (
            {"auth application-default": (1, "ERROR: no credentials")},
            "application login",
            "gcloud auth application-default login",
        ),
        (
            {"projects describe my-project": (1, "ERROR: not found")},
            "project",
            "gcloud projects create my-project",
        ),
        (
            {
                "projects describe my-project": (
                    0,
                    json.dumps({"lifecycleState": "DELETE_REQUESTED"}),
                )
            },
            "project",
            "gcloud projects create my-project",
        ),
        (
            {"billing projects describe": (0, json.dumps({"billingEnabled": False}))},
            "billing",
            "gcloud billing projects link my-project",
        ),
        (
            {"services list": apis("serviceusage.googleapis.com")},
            "first APIs",
            "gcloud services enable cloudresourcemanager.googleapis.com",
        ),
        (
            {"scheduler locations list": regions("europe-west1")},
            "region",
            "gcloud functions regions list --gen2 --project=my-project",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_gcloud_misses_is_reported_with_a_hint(
    well: Machine, tmdb: str, replies: dict[str, tuple[int, str]], name: str, hint: str
) -> None:
    well.install("gcloud", WELL | replies)
    code, findings = _doctor(tmdb)
    assert code == 1
    assert findings[name]["ok"] is False
    assert findings[name]["hint"].startswith(hint)
    assert [one["name"] for one in findings.values() if one["ok"] is False] == [name]


def test_a_region_that_only_the_second_generation_has_is_offered(
    well: Machine, tmdb: str
) -> None:
    only_gen2 = regions("us-central1", "europe-west4")
    listed = {"functions regions list --gen2": only_gen2}
    listed |= {"scheduler locations list": only_gen2}
    # Without --gen2, the regions of the first generation are listed first.
    gen1 = {"functions regions list --project": regions("us-central1")}
    well.install("gcloud", gen1 | WELL | listed)
    code, findings = _doctor(tmdb, "--region=europe-west4")
    assert (code, findings["region"]["message"]) == (0, "europe-west4")


def test_a_workflow_is_logged_in_by_its_credential_file(
    well: Machine, tmdb: str
) -> None:
    credentials = {"auth list": (0, "[]"), "auth print-access-token": (0, "secret")}
    well.install("gcloud", WELL | credentials)
    code, findings = _doctor(tmdb)
    assert (code, findings["login"]["message"]) == (0, "a credential file")
    assert "secret" not in json.dumps(findings)


def test_who_may_not_see_the_billing_may_deploy(well: Machine, tmdb: str) -> None:
    denied = {"billing projects describe": (1, "ERROR: PERMISSION_DENIED")}
    well.install("gcloud", WELL | denied)
    code, findings = _doctor(tmdb)
    assert code == 0
    assert findings["billing"]["message"].startswith("cannot be checked: ERROR")


def test_a_login_with_another_quota_project_is_reported(
    well: Machine, tmdb: str, tmp_path: Path
) -> None:
    credentials = tmp_path / "credentials.json"
    credentials.write_text(json.dumps({"quota_project_id": "other-project"}))
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(credentials)
    code, findings = _doctor(tmdb)
    assert code == 0
    message = findings["quota project"]["message"]
    assert message.startswith("my-project for these commands; your login names other")
    assert "set-quota-project my-project" in message


def _policy(**rule: Any) -> tuple[int, str]:
    return 0, json.dumps({"spec": {"rules": [rule]}})


@pytest.mark.parametrize(
    ("name", "policy", "ok", "words"),
    [
        (
            "gcp.resourceLocations",
            _policy(values={"allowedValues": ["in:europe-locations"]}),
            False,
            "gcp.resourceLocations refuses us-central1 (allowed: in:europe-locations)",
        ),
        (
            "gcp.resourceLocations",
            _policy(values={"allowedValues": ["in:us-locations"]}),
            True,
            "gcp.resourceLocations (allowed: in:us-locations)",
        ),
        (
            "gcp.resourceLocations",
            _policy(values={"allowedValues": ["in:low-carbon-locations"]}),
            True,
            "gcp.resourceLocations (allowed: in:low-carbon-locations)",
        ),
        (
            "run.allowedIngress",
            _policy(values={"allowedValues": ["internal"]}),
            False,
            "run.allowedIngress refuses all (allowed: internal)",
        ),
        (
            "gcp.restrictServiceUsage",
            _policy(values={"deniedValues": ["pubsub.googleapis.com"]}),
            False,
            "gcp.restrictServiceUsage refuses pubsub.googleapis.com",
        ),
        (
            "iam.allowedPolicyMemberDomains",
            _policy(values={"allowedValues": ["is:C01abcdef"]}),
            True,
            "iam.allowedPolicyMemberDomains (allowed: is:C01abcdef)",
        ),
        (
            "cloudfunctions.allowedIngressSettings",
            _policy(denyAll=True),
            False,
            "cloudfunctions.allowedIngressSettings refuses ALLOW_ALL (nothing is",
        ),
    ],
)
def test_an_organization_policy_that_refuses_is_named(
    well: Machine,
    tmdb: str,
    name: str,
    policy: tuple[int, str],
    words: str,
    *,
    ok: bool,
) -> None:
    well.install("gcloud", {f"org-policies describe {name}": policy, **WELL})
    _, findings = _doctor(tmdb)
    finding = findings["organization policies"]
    assert finding["ok"] is ok
    assert finding["message"].startswith(words)


def test_organization_policies_that_cannot_be_read_are_no_obstacle(
    well: Machine, tmdb: str
) -> None:
    well.install("gcloud", WELL | {"org-policies describe": (1, "ERROR: API is off")})
    code, findings = _doctor(tmdb)
    assert code == 0
    assert findings["organization policies"]["message"] == (
        "cannot be checked: you lack the permission to see them"
    )


@pytest.mark.parametrize(
    ("answers", "ok", "words"),
    [
        (deployed("fetch-details"), True, "fetch-details: serves aaaaaaaa"),
        (
            deployed("fetch-details", "FAILED"),
            False,
            "FAILED: Build failed: no such version; it still serves aaaaaaaa",
        ),
        (
            deployed("fetch-details", served="b" * 64),
            False,
            "it still serves bbbbbbbb, an older archive",
        ),
        (
            deployed(
                "fetch-details",
                latestReadyRevisionName="r-1",
                conditions=[{"status": "False", "message": "container failed"}],
            ),
            False,
            "its newest revision does not start: container failed",
        ),
        (
            deployed(
                "fetch-details", traffic=[{"revisionName": "r-1", "percent": 100}]
            ),
            False,
            "its traffic goes to an older revision, r-1",
        ),
        (deployed("fetch-details", "DEPLOYING"), False, "a deployment is under way"),
        ({"functions list --v2": (1, "ERROR: no permission")}, False, "no permission"),
    ],
)
def test_a_function_that_does_not_serve_what_was_deployed_is_reported(
    well: Machine,
    tmdb: str,
    answers: dict[str, tuple[int, str]],
    words: str,
    *,
    ok: bool,
) -> None:
    well.install("gcloud", WELL | answers)
    code, findings = _doctor(tmdb)
    assert (code == 0, findings["functions"]["ok"]) == (ok, ok)
    assert words in findings["functions"]["message"]


def test_without_gcloud_it_is_not_called(well: Machine, tmdb: str) -> None:
    (well.folder / "gcloud").unlink()
    code, findings = _doctor(tmdb)
    assert code == 1
    assert findings["gcloud"]["message"] == "gcloud is not on PATH"
    unasked = {name for name, one in findings.items() if one["ok"] is None}
    assert unasked == {
        "login",
        "application login",
        "project",
        "billing",
        "first APIs",
        "quota project",
        "organization policies",
        "region",
        "functions",
    }
    assert findings["billing"]["hint"] == "first: gcloud"


@pytest.mark.parametrize(
    ("version", "is_enough"), [("1.9.8", False), ("1.11.0", True), ("2.0.1", True)]
)
def test_terraform_must_know_write_only_arguments(
    well: Machine, tmdb: str, version: str, *, is_enough: bool
) -> None:
    answer = json.dumps({"terraform_version": version})
    well.install("terraform", {"version": (0, answer)})
    _, findings = _doctor(tmdb)
    assert findings["terraform"]["ok"] is is_enough


def test_a_new_projects_regions_cannot_be_listed_yet(well: Machine, tmdb: str) -> None:
    well.install("gcloud", WELL | {"services list": apis(*FIRST_APIS)})
    code, findings = _doctor(tmdb)
    assert code == 0
    assert (
        findings["region"]["message"]
        == "us-central1; checked once the APIs are enabled"
    )
    assert not [call for call in well.calls if "regions" in call]


def test_project_and_region_are_read_from_terraform_tfvars(
    well: Machine, tmdb: str, tmp_path: Path
) -> None:
    (tmp_path / "terraform.tfvars").write_text(
        'project_id = "my-project"\n# region = "asia-east1"\nregion = "europe-west1"\n'
    )
    result = CliRunner().invoke(
        app, ["doctor", f"--terraform={tmp_path}", f"--tmdb-url={tmdb}"]
    )
    assert result.exit_code == 0, result.output
    assert re.search(r"✓ region +europe-west1\n", result.output)


def test_without_a_project_it_says_how_to_name_one(
    machine: Machine, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["doctor", f"--terraform={tmp_path}"])
    assert result.exit_code == 2
    assert "--project=my-project" in result.output


@pytest.mark.parametrize(
    ("token", "ok", "words"),
    [
        (SIMULATED_TOKEN, True, "taken"),
        (SIMULATED_API_KEY, True, "taken"),
        ("0" * 32, False, "TMDB does not know it"),
        ("wrong.wrong.wrong", False, "TMDB does not know it"),
        ("", False, "TMDB_TOKEN is not set"),
    ],
)
def test_the_token_is_checked_at_tmdb(
    well: Machine, tmdb: str, token: str, words: str, *, ok: bool
) -> None:
    os.environ["TMDB_TOKEN"] = token
    result = CliRunner().invoke(
        app, ["doctor", "--project=my-project", f"--tmdb-url={tmdb}", "--json"]
    )
    finding = {one["name"]: one for one in json.loads(result.stdout)}["TMDB token"]
    assert (finding["ok"], finding["message"]) == (ok, words)
    if token:
        assert token not in result.output


def test_an_unreachable_tmdb_is_reported_without_the_key(well: Machine) -> None:
    os.environ["TMDB_TOKEN"] = SIMULATED_API_KEY
    code, findings = _doctor("http://127.0.0.1:9/3")
    assert code == 1
    assert findings["TMDB token"]["message"] == "TMDB cannot be reached: URLError"
    assert SIMULATED_API_KEY not in json.dumps(findings)
