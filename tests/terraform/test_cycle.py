"""Apply, change and destroy a deployment, with a fake cloud."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from functions.render_dashboard.links import of_project
from tests.terraform.driver import (
    PROJECT,
    REPOSITORY,
    SLACK_TOKEN,
    TOKEN,
    Json,
    Root,
    TerraformError,
)


@pytest.fixture(scope="module")
def applied(planned_root: Root, tmp_path_factory: pytest.TempPathFactory) -> Root:
    copy = planned_root.copy(tmp_path_factory.mktemp("applied") / "copy")
    copy.run("apply", "-no-color", "-auto-approve", "-input=false")
    return copy


def _actions(plan: Json) -> dict[str, list[str]]:
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["mode"] == "managed" and change["change"]["actions"] != ["no-op"]
    }


def _with_a_comment_in(root: Root, file: str) -> Json:
    path = root.folder / file
    before = path.read_text()
    path.write_text(before + "#")
    try:
        return root.plan()
    finally:
        path.write_text(before)


def test_a_second_plan_is_empty(applied: Root) -> None:
    done = applied.attempt("plan", "-no-color", "-input=false", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout


def test_no_token_is_in_the_state(applied: Root) -> None:
    state = (applied.module / "terraform.tfstate").read_text()
    assert "tmdb-token" in state
    assert "#movies" in state
    assert TOKEN not in state
    assert SLACK_TOKEN not in state


def test_a_link_leads_to_the_dashboard_itself(applied: Root) -> None:
    links = json.loads(applied.run("output", "-json", "links"))
    assert re.search(r"/dashboards/builder/[^/?]+[?]project=", links["monitoring"])
    assert links["monitoring"] in applied.run("output", "-raw", "next_steps")


def test_the_page_links_where_the_outputs_do(applied: Root) -> None:
    parameters = json.loads(applied.run("output", "-json", "links"))
    assert of_project(PROJECT, "", "tmdb_analytics").items() <= parameters.items()


def test_links_lead_to_the_page_and_to_a_new_report(applied: Root) -> None:
    links = json.loads(applied.run("output", "-json", "links"))
    page = f"https://storage.cloud.google.com/{PROJECT}-dashboard/index.html"
    assert links["dashboard"] == page
    report = urlsplit(links["looker_studio"])
    assert (report.hostname, report.path) == (
        "lookerstudio.google.com",
        "/reporting/create",
    )
    parameters = dict(parse_qsl(report.query, strict_parsing=True))
    assert parameters["ds.connector"] == "bigQuery"
    assert (parameters["ds.projectId"], parameters["ds.datasetId"]) == (
        PROJECT,
        "tmdb_analytics",
    )
    assert (REPOSITORY / f"sql/views/{parameters['ds.tableId']}.sql").is_file()


def test_a_changed_byte_deploys_its_function_only(applied: Root) -> None:
    plan = _with_a_comment_in(applied, "functions/fetch_details/batch.py")
    assert _actions(plan) == {
        'google_storage_bucket_object.source["fetch_details"]': ["delete", "create"],
        'google_cloudfunctions2_function.this["fetch_details"]': ["update"],
    }


def test_a_build_is_started_again_in_place_with_its_archive_under_another_name(
    applied: Root,
) -> None:
    plan = applied.plan('-replace=terraform_data.build["fetch_details"]')
    assert _actions(plan) == {
        'terraform_data.build["fetch_details"]': ["delete", "create"],
        'google_storage_bucket_object.source["fetch_details"]': ["delete", "create"],
        'google_cloudfunctions2_function.this["fetch_details"]': ["update"],
    }


def test_a_changed_byte_of_shared_deploys_every_function(applied: Root) -> None:
    actions = _actions(_with_a_comment_in(applied, "shared/errors.py"))
    assert sorted(actions.values()) == [["delete", "create"]] * 4 + [["update"]] * 4


def test_a_changed_test_or_document_deploys_nothing(applied: Root) -> None:
    assert _actions(_with_a_comment_in(applied, "sql/README.md")) == {}


def test_another_api_replaces_nothing(applied: Root) -> None:
    budget = 'budget={billing_account="012345-6789AB-CDEF01",monthly_amount=20}'
    actions = _actions(applied.plan(f"-var={budget}"))
    # It waits again; a provider may update the resource or replace it.
    assert actions.pop("time_sleep.apis")
    assert actions == {
        'google_project_service.api["billingbudgets"]': ["create"],
        "google_billing_budget.this[0]": ["create"],
    }


def test_a_rotated_token_keeps_the_old_version_until_the_new_one_is_there(
    applied: Root,
) -> None:
    assert _actions(applied.plan("-var=tmdb_token_version=2")) == {
        "google_secret_manager_secret_version.tmdb_token": ["create", "delete"]
    }


def test_what_holds_data_is_not_destroyed(applied: Root) -> None:
    with pytest.raises(TerraformError, match="deletion_protection"):
        applied.run("destroy", "-no-color", "-auto-approve", "-input=false")
