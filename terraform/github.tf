# Optional: deployments by GitHub Actions without a key. Off unless var.github is set.

locals {
  _deployer_roles = var.github == null ? toset([]) : toset(concat(
    [
      "roles/artifactregistry.admin",
      "roles/bigquery.admin",
      "roles/cloudfunctions.admin",
      "roles/cloudscheduler.admin",
      "roles/iam.serviceAccountAdmin",
      "roles/iam.workloadIdentityPoolAdmin",
      "roles/logging.configWriter",
      "roles/monitoring.editor",
      "roles/pubsub.admin",
      "roles/resourcemanager.projectIamAdmin",
      "roles/run.admin",
      "roles/secretmanager.admin",
      "roles/serviceusage.serviceUsageAdmin",
      "roles/storage.admin",
    ],
    var.composer == null ? [] : ["roles/composer.admin"],
  ))

  # Accounts that it may act as: these, not every account of the project.
  _deployed_accounts = var.github == null ? {} : merge(
    { for key, account in google_service_account.function : key => account.name },
    { build = google_service_account.build.name, push = google_service_account.push.name },
    { for account in google_service_account.composer : "composer" => account.name },
  )
}

resource "google_service_account" "deployer" {
  count = var.github == null ? 0 : 1

  account_id   = "${var.prefix}deployer"
  display_name = "Deploys from GitHub Actions"

  depends_on = [time_sleep.apis]
}

resource "google_project_iam_member" "deployer" {
  for_each = local._deployer_roles

  project = var.project_id
  role    = each.key
  member  = google_service_account.deployer[0].member
}

resource "google_service_account_iam_member" "deployer" {
  for_each = local._deployed_accounts

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer[0].member
}

resource "google_iam_workload_identity_pool" "github" {
  count = var.github == null ? 0 : 1

  workload_identity_pool_id = "${var.prefix}github"
  display_name              = "GitHub Actions"

  depends_on = [time_sleep.apis]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  # checkov:skip=CKV_GCP_125:It wants names in assertion.sub; numbers cannot be taken over

  count = var.github == null ? 0 : 1

  workload_identity_pool_id          = google_iam_workload_identity_pool.github[0].workload_identity_pool_id
  workload_identity_pool_provider_id = "${var.prefix}repository"
  display_name                       = "One repository"

  attribute_mapping = {
    "google.subject"          = "assertion.sub"
    "attribute.repository_id" = "assertion.repository_id"
  }
  # By number: a deleted name can be registered again.
  attribute_condition = join(" && ", [
    "assertion.repository_owner_id == '${var.github.owner_id}'",
    "assertion.repository_id == '${var.github.repository_id}'",
    "assertion.ref == 'refs/heads/${var.github.branch}'",
  ])

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  count = var.github == null ? 0 : 1

  service_account_id = google_service_account.deployer[0].name
  role               = "roles/iam.workloadIdentityUser"
  member = join("/", [
    "principalSet://iam.googleapis.com",
    google_iam_workload_identity_pool.github[0].name,
    "attribute.repository_id",
    var.github.repository_id,
  ])
}
