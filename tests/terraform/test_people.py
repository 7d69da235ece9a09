"""Users: the granted roles of each kind are those of the document."""

import re

from tests.terraform.driver import CALLER, LOOKER, REPOSITORY, Json, planned

DOCUMENT = REPOSITORY / "docs/reference/configuration.md"
SCOPES = {
    "google_bigquery_dataset_iam_member": "dataset",
    "google_bigquery_table_iam_member": "table",
    "google_cloud_run_v2_service_iam_member": "function",
    "google_project_iam_member": "project",
    "google_pubsub_subscription_iam_member": "subscription",
    "google_pubsub_topic_iam_member": "topic",
    "google_storage_bucket_iam_member": "bucket",
}


def _documented() -> dict[str, set[tuple[str, str]]]:
    """Return kind -> role and resource."""
    text = DOCUMENT.read_text()
    section = text.partition("## Who may do what")[2].partition("\n## ")[0]
    rows = re.findall(
        r"^\|.*\| (roles/[\w.]+) \| (\w+) \| (reader|operator|owner) \|$",
        section,
        re.MULTILINE,
    )
    kinds: dict[str, set[tuple[str, str]]] = {}
    for role, scope, kind in rows:
        kinds.setdefault(kind, set()).add((role, scope))
    return kinds


def _granted(plan: Json, member: str) -> set[tuple[str, str]]:
    return {
        (item["values"]["role"], SCOPES[item["type"]])
        for item in planned(plan)
        if item["values"].get("member") == member
    }


def test_readers_get_the_roles_of_the_document_and_no_other(plan: Json) -> None:
    assert _granted(plan, LOOKER) == _documented()["reader"]


def test_operators_get_those_of_readers_and_their_own(plan: Json) -> None:
    kinds = _documented()
    assert kinds["operator"]
    assert _granted(plan, CALLER) == kinds["reader"] | kinds["operator"]


def test_operators_publish_where_runs_start_and_call_what_people_call(
    plan: Json,
) -> None:
    named = {
        item["index"].split()[0]
        for item in planned(plan)
        if item["name"] == "operator" and item["type"] != "google_project_iam_member"
    }
    topics = {"ingest-requests", "metrics-requests", "movie-batches"}
    topics |= {"dashboard-requests"}
    functions, tables = {"ingest_changes", "compute_metrics"}, {"catalogue_days"}
    tables |= {"ingestion_log", "latest_movie_metrics"}
    assert named == {*topics, *functions, *tables, CALLER}
