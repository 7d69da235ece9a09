"""Access: the permissions of each account, which must exist before it is used."""

import json
import re
from collections.abc import Iterator

from tests.terraform.driver import SLACK_TOKEN, TOKEN, Json, configured, planned
from tests.terraform.rules.reading import expressions, of_type

EVERYBODY = ("allUsers", "allAuthenticatedUsers")


PROJECT_WIDE = {
    "google_project_iam_member.bigquery_jobs": {"roles/bigquery.jobUser"},
    "google_project_iam_member.build": {
        "roles/logging.logWriter",
        "roles/storage.objectViewer",
    },
    "google_project_iam_member.composer_jobs": {"roles/bigquery.jobUser"},
    "google_project_iam_member.composer_worker": {"roles/composer.worker"},
    "google_project_iam_member.reader": {
        "roles/bigquery.jobUser",
        "roles/bigquery.resourceViewer",
        "roles/cloudfunctions.viewer",
        "roles/logging.viewer",
        "roles/monitoring.viewer",
        "roles/run.viewer",
        "roles/serviceusage.serviceUsageConsumer",
    },
}
"""Roles that may be granted on the whole project; all others have a smaller scope."""


BUILD_ROLES = {
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
    "roles/storage.objectViewer",
}
"""The roles of cloud.google.com/functions/docs/securing/build-custom-sa."""

READS_DATA = re.compile(r"roles/(storage|bigquery\.data|secretmanager)")
"""Roles that can read stored data: project-wide only with a condition."""

BUCKET_ROLES = {
    "dashboard_writer": "roles/storage.objectUser",
    "viewer": "roles/storage.objectViewer",
}
"""Grant on a bucket -> the one role that it gives."""
LONGEST_KEPT_DAYS = 180

AGENT = re.compile(r"serviceAccount:service-\d+@([a-z-]+)\.iam\.gserviceaccount\.com$")
AGENTS_OF = {"cloudfunctions": "gcf-admin-robot", "pubsub": "gcp-sa-pubsub"}
"""Service -> the domain of its agent."""


def nobody_from_outside(plan: Json) -> Iterator[str]:
    """No grant to everybody."""
    for item in planned(plan):
        for who in EVERYBODY:
            if who in json.dumps(item["values"]):
                yield f"{item['address']} grants something to {who}"


def project_wide_roles_are_few(plan: Json) -> Iterator[str]:
    """Project-wide grants are those known to need it."""
    for item in of_type(plan, "google_project_iam_member"):
        name = item["address"].partition("[")[0]
        if item["values"]["role"] not in PROJECT_WIDE.get(name, set()):
            yield f"{item['address']} grants {item['values']['role']} project-wide"
        if READS_DATA.match(item["values"]["role"]) and not item["values"]["condition"]:
            yield f"{item['address']} shows every bucket of the project"


def buckets_are_private(plan: Json) -> Iterator[str]:
    """No bucket can be made public, and none keeps old versions forever."""
    for item in of_type(plan, "google_storage_bucket"):
        values = item["values"]
        if values["public_access_prevention"] != "enforced":
            yield f"{item['address']} could be made public"
        if not values["uniform_bucket_level_access"]:
            yield f"{item['address']} has access lists besides its roles"
        kept = [
            condition["days_since_noncurrent_time"] or LONGEST_KEPT_DAYS + 1
            for rule in values["lifecycle_rule"]
            for condition in rule["condition"]
        ]
        if min(kept, default=LONGEST_KEPT_DAYS + 1) > LONGEST_KEPT_DAYS:
            yield f"{item['address']} keeps what it held before"
    for item in of_type(plan, "google_storage_bucket_iam_member"):
        if item["values"]["role"] != BUCKET_ROLES.get(item["name"]):
            yield f"{item['address']} grants {item['values']['role']}"


def grants_add_only(plan: Json) -> Iterator[str]:
    """No grant removes the grants of others."""
    for item in planned(plan):
        if re.search(r"_iam_(binding|policy)$", item["type"]):
            yield f"{item['address']} would remove others' grants: use _iam_member"


def accounts_are_references(plan: Json) -> Iterator[str]:
    """Every account is a reference: Terraform does not wait for one named by text."""
    names = {"member", "service_account", "service_account_email", "service_account_id"}
    for item in configured(plan):
        for name, expression in expressions(item["expressions"]):
            references = expression.get("references", [])
            if name in names and not any(
                reference.startswith(("google_", "local.", "each."))
                for reference in references
            ):
                yield f"{item['address']}: {name} is written out"


def apis_come_first(plan: Json) -> Iterator[str]:
    """Nothing is created before the APIs are enabled and usable."""
    needed = {item["address"]: _needed_by(item) for item in configured(plan)}
    for item in configured(plan):
        if item["type"] in ("google_project_service", "terraform_data", "time_sleep"):
            continue
        if "time_sleep.apis" not in _reached(item["address"], needed):
            yield f"{item['address']} does not wait for the APIs"


def agents_come_first(plan: Json) -> Iterator[str]:
    """No grant to a service agent before the agent exists, also in a new project."""
    needed = {item["address"]: _needed_by(item) for item in configured(plan)}
    made = {
        AGENTS_OF.get(item["index"], item["index"])
        for item in of_type(plan, "terraform_data")
        if item["name"] == "agent"
    }
    for block, first in (
        ("time_sleep.agents", "terraform_data.agent"),
        ("terraform_data.agent", "time_sleep.apis"),
    ):
        if first not in _reached(block, needed):
            yield f"{block} does not wait for {first}"
    for item in planned(plan):
        if not (agent := AGENT.search(item["values"].get("member") or "")):
            continue
        if agent[1] not in made:
            yield f"{item['address']}: nobody creates the agent {agent[1]}"
        block = item["address"].partition("[")[0]
        if "time_sleep.agents" not in _reached(block, needed):
            yield f"{item['address']} does not wait for the agent {agent[1]}"


def _reached(address: str, needed: dict[str, set[str]]) -> set[str]:
    """Return a block and all blocks that it depends on."""
    seen: set[str] = set()
    left = [address]
    while left:
        here = left.pop()
        if here not in seen:
            seen.add(here)
            left.extend(needed.get(here, ()))
    return seen


def _needed_by(item: Json) -> set[str]:
    """Return the resources that a block names, as type.name."""
    named = [*item.get("depends_on", [])]
    for_each = item.get("for_each_expression", {}).get("references", [])
    for _, expression in expressions(item["expressions"]):
        named += expression.get("references", [])
    found = (
        re.match(r"(google_\w+|terraform_data|time_sleep)\.\w+", name)
        for name in [*named, *for_each]
    )
    return {match[0] for match in found if match}


def builder_may_build(plan: Json) -> Iterator[str]:
    """Let one account build every function, with every role that it needs."""
    granted = {
        item["values"]["role"]
        for item in planned(plan)
        if item["type"].endswith("_iam_member") and item["name"] == "build"
    }
    for role in sorted(BUILD_ROLES - granted):
        yield f"the build account lacks {role}"
    agents = [
        (item["values"]["role"], item["values"]["member"])
        for item in of_type(plan, "google_artifact_registry_repository_iam_member")
        if item["name"] == "functions_agent"
    ]
    if [role for role, who in agents if "gcf-admin-robot" in who] != [
        "roles/artifactregistry.admin"
    ]:
        yield "Cloud Functions' agent cannot read the repository on a new project"
    for item in configured(plan):
        if item["type"] == "google_cloudfunctions2_function":
            account = item["expressions"]["build_config"][0].get("service_account", {})
            if "google_service_account.build.id" not in account.get("references", []):
                yield f"{item['address']} is not built by the build account"


def token_is_nowhere(plan: Json) -> Iterator[str]:
    """Keep TMDB's token, and Slack's, out of every value of the plan."""
    text = json.dumps(plan)
    for whose, token in (("the", TOKEN), ("Slack's", SLACK_TOKEN)):
        if token in text:
            yield f"{whose} token is in the plan"
