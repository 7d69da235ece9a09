"""Changes: each variable of the root changes what it should, and no more.

One deployment to a fake new project, with every option on, serves all tests.
"""

import json

import pytest

from tests.exhaustive import cases_but
from tests.terraform.driver import Json, Root, TerraformError
from tests.terraform.variables import BLOCKS

pytestmark = pytest.mark.terraform

EVERYTHING = """
alert_emails = ["oncall@example.com", "second@example.com"]
budget       = { billing_account = "012345-6789AB-CDEF01", monthly_amount = 20 }
composer     = { image_version = "composer-3-airflow-3.3.0-build.0" }
github       = { owner_id = "1", repository = "owner/name", repository_id = "2" }
orchestrator = "composer"
"""
GITHUB = '{"owner_id":"1","repository":"owner/name","repository_id":"2","branch":"b"}'

BUCKET = "google_storage_bucket.dashboard"
ALERTS = "google_monitoring_alert_policy.this"
COMPOSER = "google_composer_environment.this"
DAG = "google_storage_bucket_object.dag"
DATASET = "google_bigquery_dataset.this"
FUNCTIONS = "google_cloudfunctions2_function.this"
MAIL = "google_monitoring_notification_channel.email"
SCHEDULES = "google_cloud_scheduler_job.this"
SECRET = "google_secret_manager_secret.tmdb_token"  # noqa: S105 - its address
SLACK = "google_monitoring_notification_channel.slack"
TABLES = "google_bigquery_table.this"
LABELLED = {
    ALERTS,
    COMPOSER,
    DATASET,
    FUNCTIONS,
    MAIL,
    SECRET,
    SLACK,
    TABLES,
    "google_artifact_registry_repository.functions",
    "google_pubsub_subscription.dead_letters",
    "google_pubsub_subscription.push",
    "google_pubsub_topic.this",
    BUCKET,
    "google_storage_bucket.sources",
}
READERS = {
    "google_storage_bucket_iam_member.viewer",
    "google_bigquery_dataset_iam_member.reader",
    "google_project_iam_member.reader",
}
OPERATORS = {
    *READERS,
    "google_bigquery_table_iam_member.operator",
    "google_cloud_run_v2_service_iam_member.operator",
    "google_pubsub_subscription_iam_member.operator",
    "google_pubsub_topic_iam_member.operator",
}
RENDERING = {
    ALERTS,
    BUCKET,
    # A label of the dataset says whether there is a dashboard.
    DATASET,
    FUNCTIONS,
    "google_bigquery_dataset_iam_member.function",
    "google_cloud_run_v2_service_iam_member.push",
    "google_monitoring_dashboard.this",
    "google_project_iam_member.bigquery_jobs",
    "google_pubsub_subscription.push",
    "google_pubsub_subscription_iam_member.dead_letters",
    "google_pubsub_topic.this",
    "google_pubsub_topic_iam_member.function",
    "google_pubsub_topic_iam_member.operator",
    "google_service_account.function",
    "google_service_account_iam_member.deployer",
    "google_storage_bucket_iam_member.dashboard_writer",
    "google_storage_bucket_iam_member.viewer",
    "google_storage_bucket_object.source",
    "terraform_data.build",
}
"""The resources of one more function, and those that monitor all functions."""
ORCHESTRATION = {
    COMPOSER,
    DAG,
    SCHEDULES,
    "google_bigquery_dataset_iam_member.composer",
    "google_project_iam_member.composer_jobs",
    "google_project_iam_member.composer_worker",
    "google_pubsub_topic_iam_member.composer",
    "google_service_account.composer",
    # The deployer may no longer use its account.
    "google_service_account_iam_member.deployer",
}
NOTHING: set[str] = set()

CHANGES: dict[str, tuple[str, set[str]]] = {
    "alert_emails": ('["oncall@example.com"]', {ALERTS, MAIL}),
    "alert_gib_billed_per_day": ("60", {ALERTS}),
    "alert_slack": ('{"channel": "#films"}', {SLACK}),
    "alert_slack_token": ("xoxb-another", NOTHING),
    # Alerts then name another command.
    "allow_external_calls": ("false", {ALERTS, FUNCTIONS}),
    "budget": (
        '{"billing_account": "012345-6789AB-CDEF01", "monthly_amount": 30}',
        {"google_billing_budget.this"},
    ),
    "composer": ('{"image_version": "composer-3-airflow-3.3.1-build.0"}', {COMPOSER}),
    "create_service_agents": (
        "false",
        {"terraform_data.agent", "time_sleep.agents"},
    ),
    "daily_schedule": ("30 9 * * *", {DAG, SCHEDULES}),
    "dashboard": ("false", RENDERING),
    "delete_data": ("true", {BUCKET, DATASET, TABLES}),
    "github": (GITHUB, {"google_iam_workload_identity_pool_provider.github"}),
    "details_per_day": ("500", {DATASET, FUNCTIONS}),
    "history_days": ("30", {FUNCTIONS}),
    "labels": ('{"team": "growth"}', LABELLED),
    "log_level": ("DEBUG", {FUNCTIONS}),
    "max_gib_billed": ("10", {DATASET, FUNCTIONS}),
    "operators": ('["user:new@example.com"]', OPERATORS),
    "orchestrator": ("scheduler", ORCHESTRATION),
    "readers": ("[]", READERS),
    "retention_days": ("90", {TABLES}),
    "runbook_url": ("https://git.example.com/runbook.md", {ALERTS, DAG}),
    "secret_locations": (
        '["europe-west1"]',
        {FUNCTIONS, SECRET, "google_secret_manager_secret_iam_member.function"},
    ),
    "sweep_schedule": ("*/20 * * * *", {SCHEDULES}),
    "tmdb_requests_per_second": ("20", {FUNCTIONS}),
    "tmdb_token": ("another.token.here", NOTHING),
    "tmdb_token_version": ("2", {"google_secret_manager_secret_version.tmdb_token"}),
    # A label of the dataset has the number of tracked movies.
    "tracked_movies": ("500", {DATASET, FUNCTIONS}),
    "viewers": (
        '["group:viewers@example.com"]',
        {"google_storage_bucket_iam_member.viewer"},
    ),
    "weekly_schedule": ("0 4 * * 0", {DAG, SCHEDULES}),
    # No role and no secret: page views are public. The tables exist without it too.
    "wikipedia": ("null", {FUNCTIONS}),
}
"""Variable -> another value, and all that it changes."""
FIRST = ("dashboard", "operators", "retention_days", "tmdb_token", "tracked_movies")
"""Those of `make test`: functions, people, tables, the secret, a setting."""
RENAMES = {"prefix": "dev-", "region": "europe-west4"}
"""Variables that recreate most of a deployment; the data stays."""
REFUSED = {
    "bigquery_location": "EU",
    "dataset": "another",
    "project_id": "demo-project-2",
}
"""Variables that would recreate the data."""


@pytest.fixture(scope="module")
def everything(planned_root: Root, tmp_path_factory: pytest.TempPathFactory) -> Root:
    copy = planned_root.copy(tmp_path_factory.mktemp("everything") / "copy")
    (copy.module / "everything.auto.tfvars").write_text(EVERYTHING)
    copy.run("apply", "-no-color", "-auto-approve", "-input=false")
    return copy


def _changes(root: Root, variable: str, value: str) -> list[Json]:
    """Return what a plan with another value of a variable would change."""
    output = root.run(
        "plan", "-json", "-input=false", "-refresh=false", f"-var={variable}={value}"
    )
    lines = [json.loads(line) for line in output.splitlines()]
    return [line["change"] for line in lines if line["type"] == "planned_change"]


def _blocks(changes: list[Json]) -> set[str]:
    return {change["resource"]["resource"].partition("[")[0] for change in changes}


def test_every_variable_is_changed_by_one_of_the_tests() -> None:
    assert {*CHANGES, *RENAMES, *REFUSED} == set(BLOCKS)


def test_the_second_plan_of_everything_is_empty(everything: Root) -> None:
    done = everything.attempt("plan", "-no-color", "-input=false", "-detailed-exitcode")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("variable", cases_but(FIRST, CHANGES))
def test_a_variable_changes_what_it_should_and_no_more(
    variable: str, everything: Root
) -> None:
    value, changed = CHANGES[variable]
    changes = _changes(everything, variable, value)
    assert _blocks(changes) == changed
    replaced = ("alert_emails", "dashboard", "operators", "orchestrator", "readers")
    if variable not in replaced:
        deleted = _blocks([one for one in changes if one["action"] == "delete"])
        assert deleted <= {"terraform_data.agent"}


def test_wikipedias_contact_is_set_where_it_is_used(everything: Root) -> None:
    changes = _changes(everything, "wikipedia", '{"contact": "https://example.com"}')
    changed = {(one["resource"]["resource_key"], one["action"]) for one in changes}
    assert changed == {
        (function, "update")
        for function in ("compute_metrics", "fetch_details", "ingest_changes")
    }


@pytest.mark.parametrize("variable", cases_but(["region"], RENAMES))
def test_other_names_and_regions_leave_the_data_alone(
    variable: str, everything: Root
) -> None:
    changed = _blocks(_changes(everything, variable, RENAMES[variable]))
    assert FUNCTIONS in changed
    assert not changed & {DATASET, TABLES, "terraform_data.data_location"}


@pytest.mark.parametrize("variable", cases_but(["project_id"], REFUSED))
def test_a_plan_that_would_delete_the_data_is_refused(
    variable: str, everything: Root
) -> None:
    with pytest.raises(TerraformError) as refused:
        everything.run(
            "plan", "-no-color", "-input=false", "-refresh=false",
            f"-var={variable}={REFUSED[variable]}",
        )  # fmt: skip
    text = " ".join(str(refused.value).replace("\u2502", " ").split())
    assert "The tables are in demo-project-1.tmdb_analytics in US, not in" in text
    assert "says how to move the data" in text


def test_one_of_several_addresses_can_be_taken_off_and_the_next_plan_is_empty(
    everything: Root,
) -> None:
    fewer = '-var=alert_emails=["second@example.com"]'
    apply = ("apply", "-no-color", "-auto-approve", "-input=false", fewer)
    everything.run(*apply)
    channels = [
        line
        for line in everything.run("state", "list").splitlines()
        if line.startswith(MAIL)
    ]
    assert channels == [f'{MAIL}["second@example.com"]']
    done = everything.attempt(
        "plan", "-no-color", "-input=false", "-detailed-exitcode", fewer
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.exhaustive
def test_the_orchestrator_can_be_switched_there_and_back(everything: Root) -> None:
    apply = ("apply", "-no-color", "-auto-approve", "-input=false")
    for to, back in (("scheduler", "composer"), ("composer", "scheduler")):
        everything.run(*apply, f"-var=orchestrator={to}")
        changes = _changes(everything, "orchestrator", back)
        assert _blocks(changes) == ORCHESTRATION
        schedules = {
            change["resource"]["resource_key"]: change["action"]
            for change in changes
            if change["resource"]["addr"].startswith(SCHEDULES)
        }
        assert schedules == {"daily": "update", "weekly": "update"}
        done = everything.attempt(
            "plan", "-no-color", "-input=false", "-detailed-exitcode",
            f"-var=orchestrator={to}",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
