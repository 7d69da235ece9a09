# Service accounts: one per function, one that builds them, one that pushes to them.
# Scheduler needs none: Google's own agent publishes for it. Grants are in the file of the
# resource; here are only those whose smallest scope is the project.

locals {
  # With the right to write images (storage.tf) the least that a build account needs.
  # Without an account of our own builds run as the default compute account, which has
  # no roles where default grants are off.
  #
  # A build does not read our bucket but a copy that Google makes in one of its own,
  # which does not exist before the first build: the grant is on the project, for these
  # buckets only. Others, such as the bucket of the state, stay closed.
  _build_buckets = [
    "gcf-v2-sources-${data.google_project.this.number}-${var.region}",
    google_storage_bucket.sources.name,
  ]
  _build_roles = {
    "roles/logging.logWriter" = []
    "roles/storage.objectViewer" = [{
      title = "sources_of_functions"
      expression = join(" || ", [
        for name in local._build_buckets : "resource.name.startsWith(\"projects/_/buckets/${name}\")"
      ])
    }]
  }
}

resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "${var.prefix}${each.value.name}"
  display_name = "Runs the function ${each.value.name}"

  depends_on = [time_sleep.apis]
}

resource "google_service_account" "build" {
  account_id   = "${var.prefix}function-build"
  display_name = "Builds the functions"

  depends_on = [time_sleep.apis]
}

resource "google_service_account" "push" {
  account_id   = "${var.prefix}pubsub-push"
  display_name = "Identity of Pub/Sub's pushes to the functions"

  depends_on = [time_sleep.apis]
}

# Projects made before April 2021 lack this grant; newer ones have it project-wide.
resource "google_service_account_iam_member" "push_token" {
  service_account_id = google_service_account.push.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.agents["pubsub"]

  depends_on = [time_sleep.agents]
}

resource "google_project_iam_member" "build" {
  for_each = local._build_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.build.member

  dynamic "condition" {
    for_each = each.value
    content {
      title      = condition.value.title
      expression = condition.value.expression
    }
  }
}

# The smallest scope of jobs is the project; of reading and writing it is the dataset.
resource "google_project_iam_member" "bigquery_jobs" {
  for_each = local.functions

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.function[each.key].member
}

# A build that starts before its roles have taken effect fails permanently.
resource "time_sleep" "build_roles" {
  create_duration = "60s"
  triggers = merge(
    { for role, grant in google_project_iam_member.build : role => grant.id },
    { images = google_artifact_registry_repository_iam_member.build.id },
    { agent = google_artifact_registry_repository_iam_member.functions_agent.id },
  )
}
