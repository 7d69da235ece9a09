"""Mistakes in the root, each with the check that finds it.

"validate" checks the provider's schema, and "plan" what else Terraform and the provider
check. All others are the rules of rules/.
"""

from dataclasses import dataclass

from tests.terraform.driver import Root


@dataclass(frozen=True, slots=True)
class Mistake:
    """Replace the first `right` in `file` by `wrong`.

    noticed_by, words: who is to notice it, and words of what they say.
    """

    name: str
    file: str
    right: str
    wrong: str
    noticed_by: str
    words: str

    def make(self, root: Root) -> None:
        """Make it; fails when there is nothing to make it of."""
        path = root.folder / self.file
        text = path.read_text()
        assert self.right in text, f"{self.file} no longer says {self.right!r}"
        path.write_text(text.replace(self.right, self.wrong, 1))


MISTAKES = (
    Mistake(
        "misspelt argument",
        "terraform/pubsub.tf",
        "message_retention_duration",
        "message_retention_durations",
        "validate",
        'An argument named "message_retention_durations"',
    ),
    Mistake(
        "unknown block",
        "terraform/pubsub.tf",
        "dead_letter_policy {",
        "dead_letters_policy {",
        "validate",
        'Blocks of type "dead_letters_policy"',
    ),
    Mistake(
        "missing required argument",
        "terraform/pubsub.tf",
        '  role   = "roles/pubsub.publisher"\n',
        "",
        "validate",
        'The argument "role" is required',
    ),
    Mistake(
        "value outside the enumeration",
        "terraform/functions.tf",
        "local._ingress[each.value.is_called && var.allow_external_calls]",
        '"INTERNAL"',
        "validate",
        "expected ingress_settings to be one of",
    ),
    Mistake(
        "argument in the wrong block",
        "terraform/functions.tf",
        "entry_point       = each.key",
        "entry_point = each.key\n timeout_seconds = 60",
        "validate",
        'An argument named "timeout_seconds"',
    ),
    Mistake(
        "reference to an attribute that is not there",
        "terraform/pubsub.tf",
        "google_pubsub_topic.this[each.value.listens_to].id",
        "google_pubsub_topic.this[each.value.listens_to].arn",
        "plan",
        "Unsupported attribute",
    ),
    Mistake(
        "secret written and write-only",
        "terraform/secrets.tf",
        "  secret_data_wo_version",
        '  secret_data = "text"\n  secret_data_wo_version',
        "plan",
        "exactly one of",
    ),
    Mistake(
        "write-only without its version",
        "terraform/secrets.tf",
        "  secret_data_wo_version = tostring(var.tmdb_token_version)\n",
        "",
        "plan",
        "all of `secret_data_wo_version`",
    ),
    Mistake(
        "dashboard that is no JSON",
        "terraform/outputs.tf",
        "",
        'resource "google_monitoring_dashboard" "new" { dashboard_json = "{" }\n',
        "validate",
        "contains an invalid JSON",
    ),
    Mistake(
        "text for a number",
        "terraform/functions.tf",
        "max_instance_count               = 1",
        'max_instance_count = "one"',
        "validate",
        "a number is required",
    ),
    Mistake(
        "single block twice",
        "terraform/scheduler.tf",
        "  retry_config {",
        "  retry_config {\n    retry_count = 1\n  }\n  retry_config {",
        "validate",
        "Too many retry_config blocks",
    ),
    Mistake(
        "job with two targets",
        "terraform/scheduler.tf",
        "  retry_config {",
        '  http_target {\n    uri = "https://example.com"\n  }\n  retry_config {',
        "validate",
        '"http_target": exactly one of',
    ),
    Mistake(
        "reference to a resource that is not there",
        "terraform/storage.tf",
        'google_artifact_registry_repository" "functions"',
        'google_artifact_registry_repository" "images"',
        "validate",
        "Reference to undeclared resource",
    ),
    Mistake(
        "resource that does not wait for its API",
        "terraform/bigquery.tf",
        "  depends_on = [time_sleep.apis]\n",
        "",
        "apis_come_first",
        "google_bigquery_dataset.this does not wait",
    ),
    Mistake(
        "account written out",
        "terraform/pubsub.tf",
        "google_service_account.push.email",
        '"pubsub-push@${var.project_id}.iam.gserviceaccount.com"',
        "accounts_are_references",
        "service_account_email is written out",
    ),
    Mistake(
        "build account without a role",
        "terraform/identities.tf",
        '    "roles/logging.logWriter" = []\n',
        "",
        "builder_may_build",
        "lacks roles/logging.logWriter",
    ),
    Mistake(
        "too few delivery attempts",
        "terraform/pubsub.tf",
        "_max_delivery_attempts = 20",
        "_max_delivery_attempts = 3",
        "validate",
        "max_delivery_attempts",
    ),
    Mistake(
        "column type that BigQuery does not have",
        "sql/schemas/movies.json",
        '"INTEGER"',
        '"INTGER"',
        "tables_are_their_schemas",
        "INTGER is no type",
    ),
    # Valid by the schema, but wrong in this project.
    Mistake(
        "everybody may call",
        "terraform/functions.tf",
        "google_service_account.push.member",
        '"allUsers"',
        "nobody_from_outside",
        "allUsers",
    ),
    Mistake(
        "role on the whole project",
        "terraform/identities.tf",
        '"roles/bigquery.jobUser"',
        '"roles/bigquery.dataEditor"',
        "project_wide_roles_are_few",
        "roles/bigquery.dataEditor project-wide",
    ),
    Mistake(
        "grant that removes others'",
        "terraform/pubsub.tf",
        'resource "google_pubsub_topic_iam_member" "dead_letters" {\n'
        '  topic  = google_pubsub_topic.this["dead-letters"].name\n'
        '  role   = "roles/pubsub.publisher"\n'
        '  member = local.agents["pubsub"]',
        'resource "google_pubsub_topic_iam_binding" "dead_letters" {\n'
        '  topic   = google_pubsub_topic.this["dead-letters"].name\n'
        '  role    = "roles/pubsub.publisher"\n'
        '  members = [local.agents["pubsub"]]',
        "grants_add_only",
        "google_pubsub_topic_iam_binding.dead_letters",
    ),
    Mistake(
        "subscription without dead letters",
        "terraform/pubsub.tf",
        "  dead_letter_policy {\n"
        '    dead_letter_topic     = google_pubsub_topic.this["dead-letters"].id\n'
        "    max_delivery_attempts = local._max_delivery_attempts\n"
        "  }\n",
        "",
        "queues_are_the_local_ones",
        "'most_attempts': []",
    ),
    Mistake(
        "functions that count other delivery attempts than Pub/Sub",
        "terraform/functions.tf",
        "tostring(local._max_delivery_attempts)",
        '"5"',
        "queues_are_the_local_ones",
        "takes 5 for the last delivery",
    ),
    Mistake(
        "setting forgotten",
        "terraform/functions.tf",
        '      TMDB_RETRY_S             = "60"\n',
        "",
        "settings_are_whole",
        "TMDB_RETRY_S is set or read",
    ),
    Mistake(
        "setting nobody reads",
        "terraform/functions.tf",
        "TMDB_RETRY_S ",
        'TMDB_PAGES = "1"\n TMDB_RETRY_S ',
        "settings_are_whole",
        "TMDB_PAGES is set or read",
    ),
    Mistake(
        "fewer threads than requests",
        "terraform/functions.tf",
        "      THREADS = tostring(each.value.concurrency)\n",
        "",
        "settings_are_whole",
        "None threads for 8 requests",
    ),
    Mistake(
        "revision that does not say what it was built from",
        "terraform/functions.tf",
        "SOURCE_SHA256 = data.archive_file.function[each.key].output_sha256",
        'SOURCE_SHA256 = "newest"',
        "settings_are_whole",
        "does not say which archive it was built from",
    ),
    Mistake(
        "table that anybody may delete",
        "terraform/bigquery.tf",
        "!var.delete_data",
        "var.delete_data",
        "tables_are_their_schemas",
        "movies is not protected",
    ),
    Mistake(
        "rows that stay forever",
        "terraform/bigquery.tf",
        "      expiration_ms =",
        "      #",
        "tables_are_their_schemas",
        "('DAY', 'last_updated', None)",
    ),
    Mistake(
        "tick that nobody understands",
        "terraform/scheduler.tf",
        "mode = each.key",
        'mode = "every-${each.key}"',
        "ticks_are_understood",
        "every-daily",
    ),
    Mistake(
        "topic a function may not publish to",
        "terraform/functions.tf",
        '"ingest-requests", "metrics-requests", "movie-batches"]',
        '"ingest-requests", "metrics-requests"]',
        "publishers_may_publish",
        "ingest_changes may publish to",
    ),
    Mistake(
        "token in the plan",
        "terraform/variables.tf",
        "  ephemeral   = true\n",
        "",
        "token_is_nowhere",
        "token is in the plan",
    ),
    Mistake(
        "wrong metric name in an alert",
        "terraform/alerts.yaml",
        "bigquery.googleapis.com/query/scanned_bytes_billed",
        "bigquery.googleapis.com/query/bytes_billed",
        "metrics_exist",
        "there is no bigquery.googleapis.com/query/bytes_billed",
    ),
    Mistake(
        "right metric of the wrong resource",
        "terraform/alerts.yaml",
        'resource.type="global"',
        'resource.type="bigquery_project"',
        "metrics_exist",
        "of ['bigquery_project']",
    ),
    Mistake(
        "alert on a log metric that nobody makes",
        "terraform/alerts.yaml",
        "user_${metric_prefix}runs_published{",
        "user_${metric_prefix}runs_publisheds{",
        "metrics_exist",
        "there is no logging_googleapis_com:user_runs_publisheds",
    ),
    Mistake(
        "alert without a chapter in the runbook",
        "terraform/alerts.yaml",
        "  bytes_billed:\n    title",
        "  bytes_billed_daily:\n    title",
        "alerts_can_be_answered",
        "bytes_billed_daily has no chapter",
    ),
    Mistake(
        "alert of many series",
        "terraform/monitoring.tf",
        '          cross_series_reducer = "REDUCE_SUM"\n',
        "",
        "alerts_are_made_and_paid_once",
        "is of several series",
    ),
    Mistake(
        "alert on a metric that is not there yet",
        "terraform/monitoring.tf",
        "disable_metric_validation = true",
        "disable_metric_validation = false",
        "alerts_are_made_and_paid_once",
        "a first apply is answered 404",
    ),
    Mistake(
        "token of Slack written out",
        "terraform/monitoring.tf",
        "labels       = { channel_name = var.alert_slack.channel }",
        "labels       = { channel_name = var.alert_slack_token }",
        "validate",
        "ephemeral",
    ),
    Mistake(
        "dashboard that every plan changes",
        "terraform/monitoring.tf",
        " : key => value if value > 0",
        " : key => value",
        "dashboard_is_kept_as_written",
        "mosaicLayout.tiles.xPos is 0",
    ),
    # What only a new project, or the second plan, would show.
    Mistake(
        "grant to an agent that may not exist yet",
        "terraform/pubsub.tf",
        '  member = local.agents["pubsub"]\n\n  depends_on = [time_sleep.agents]\n',
        '  member = local.agents["pubsub"]\n',
        "agents_come_first",
        "topic_iam_member.dead_letters does not wait for the agent gcp-sa-pubsub",
    ),
    Mistake(
        "agent that nobody creates",
        "terraform/project.tf",
        "var.create_service_agents ? local.agents : {}",
        '{ pubsub = local.agents["pubsub"] }',
        "agents_come_first",
        "nobody creates the agent gcf-admin-robot",
    ),
    Mistake(
        "agents before their APIs",
        "terraform/project.tf",
        '--quiet",\n    ])\n  }\n\n  depends_on = [time_sleep.apis]\n',
        '--quiet",\n    ])\n  }\n',
        "agents_come_first",
        "terraform_data.agent does not wait for time_sleep.apis",
    ),
    Mistake(
        "Cloud Functions cannot read its repository",
        "terraform/storage.tf",
        '  role       = "roles/artifactregistry.admin"\n',
        '  role       = "roles/artifactregistry.writer"\n',
        "builder_may_build",
        "agent cannot read the repository",
    ),
    Mistake(
        "build account that reads every bucket",
        "terraform/identities.tf",
        "    for_each = each.value\n    content {",
        "    for_each = []\n    content {",
        "project_wide_roles_are_few",
        "shows every bucket of the project",
    ),
    Mistake(
        "page that could be made public",
        "terraform/dashboard.tf",
        '  public_access_prevention    = "enforced"\n',
        '  public_access_prevention    = "inherited"\n',
        "buckets_are_private",
        "dashboard[0] could be made public",
    ),
    Mistake(
        "pages that are kept forever",
        "terraform/dashboard.tf",
        "days_since_noncurrent_time = 30",
        "num_newer_versions = 300",
        "buckets_are_private",
        "keeps what it held before",
    ),
    Mistake(
        "table that a function may not write",
        "terraform/functions.tf",
        '["ingestion_log", "movie_details_raw"]',
        '["ingestion_log"]',
        "functions_write_what_they_name",
        "writes ['ingestion_log', 'movie_details_raw']",
    ),
    Mistake(
        "function that may edit every table",
        "terraform/bigquery.tf",
        "each.value.writes == null ?",
        "true ?",
        "functions_write_what_they_name",
        "fetch_details has roles/bigquery.dataEditor on the dataset",
    ),
    Mistake(
        "distribution without buckets",
        "terraform/monitoring.tf",
        "try([each.value.bounds], [])",
        "[]",
        "distributions_have_buckets",
        "run_coverage is a distribution without buckets",
    ),
    Mistake(
        "legend that is shown as it is",
        "terraform/monitoring.tf",
        '"$${subscription_id}" =',
        '"{{subscription_id}}" =',
        "legends_name_labels",
        "{{subscription_id}} would be shown",
    ),
    Mistake(
        "legend of a label that the query drops",
        "terraform/monitoring.tf",
        '"$${subscription_id}" =',
        '"$${topic_id}" =',
        "legends_name_labels",
        "its query has no topic_id",
    ),
    Mistake(
        "empty value in a function's environment",
        "terraform/functions.tf",
        'var.prefix == "" ? {} : { TOPIC_PREFIX = var.prefix }',
        "{ TOPIC_PREFIX = var.prefix }",
        "settings_are_whole",
        "TOPIC_PREFIX is empty",
    ),
    Mistake(
        "function without Wikipedia's contact",
        "terraform/functions.tf",
        "tmdb_share     = 1\n        uses_wikipedia = true",
        "tmdb_share     = 1\n        uses_wikipedia = false",
        "settings_are_whole",
        "fetch_details: WIKIPEDIA_CONTACT is set or read",
    ),
    Mistake(
        "function with a contact that it does not use",
        "terraform/functions.tf",
        "uses_wikipedia = false",
        "uses_wikipedia = true",
        "settings_are_whole",
        "render_dashboard: WIKIPEDIA_CONTACT is set or read",
    ),
    Mistake(
        "mail channel that cannot be deleted",
        "terraform/monitoring.tf",
        "    create_before_destroy = true\n",
        "",
        "others_let_go_first",
        "notification_channel.email cannot be deleted",
    ),
)
