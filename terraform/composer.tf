# Airflow instead of Scheduler, with var.orchestrator = "composer": a new Composer environment
# or an existing one, the DAG and its settings in its bucket, and its account's rights:
# start runs, and read their results.

locals {
  _composer        = var.orchestrator == "composer" ? var.composer : null
  _composer_is_new = local._composer != null && try(var.composer.environment, null) == null
  _composer_environment = one(concat(
    google_composer_environment.this,
    data.google_composer_environment.existing,
  ))
  _composer_member = (
    local._composer_is_new
    ? one(google_service_account.composer[*].member)
    : try("serviceAccount:${local._composer_environment.config[0].node_config[0].service_account}", null)
  )
  _composer_files = local._composer == null ? {} : {
    "tmdb_traction.py" = file("${local.root}/composer/dags/tmdb_traction.py")
    "tmdb_traction.json" = jsonencode({
      daily_schedule   = var.daily_schedule
      dashboard_url    = local._console_dashboard
      dataset          = google_bigquery_dataset.this.dataset_id
      dataset_location = google_bigquery_dataset.this.location
      poll_s           = 60
      project_id       = var.project_id
      # Airflow rejects a link that is not a URL.
      runbook_url     = startswith(var.runbook_url, "https://") ? var.runbook_url : null
      topic           = google_pubsub_topic.this["ingest-requests"].name
      wait_timeout_s  = 8 * 60 * 60 # the sweep closes a run long before
      weekly_schedule = var.weekly_schedule
    })
  }
}

resource "google_service_account" "composer" {
  count = local._composer_is_new ? 1 : 0

  account_id   = "${var.prefix}composer"
  display_name = "Runs the Composer environment"

  depends_on = [time_sleep.apis]
}

resource "google_composer_environment" "this" {
  count = local._composer_is_new ? 1 : 0

  name   = "${var.prefix}tmdb-traction"
  region = var.region

  config {
    environment_size = var.composer.environment_size

    node_config {
      service_account = google_service_account.composer[0].email
    }

    software_config {
      image_version = var.composer.image_version
    }
  }

  depends_on = [google_project_iam_member.composer_worker]
}

data "google_composer_environment" "existing" {
  count = local._composer == null || local._composer_is_new ? 0 : 1

  name   = var.composer.environment
  region = var.region
}

resource "google_project_iam_member" "composer_worker" {
  # checkov:skip=CKV_GCP_49:The role that Composer demands of its account, on the project

  count = local._composer_is_new ? 1 : 0

  project = var.project_id
  role    = "roles/composer.worker"
  member  = google_service_account.composer[0].member
}

# The smallest scope of jobs is the project.
resource "google_project_iam_member" "composer_jobs" {
  count = local._composer == null ? 0 : 1

  project = var.project_id
  role    = "roles/bigquery.jobUser"
  member  = local._composer_member

  depends_on = [time_sleep.apis]
}

resource "google_bigquery_dataset_iam_member" "composer" {
  count = local._composer == null ? 0 : 1

  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = local._composer_member
}

resource "google_pubsub_topic_iam_member" "composer" {
  count = local._composer == null ? 0 : 1

  topic  = google_pubsub_topic.this["ingest-requests"].name
  role   = "roles/pubsub.publisher"
  member = local._composer_member
}

resource "google_storage_bucket_object" "dag" {
  for_each = local._composer_files

  # gs://BUCKET/dags
  bucket  = split("/", trimprefix(local._composer_environment.config[0].dag_gcs_prefix, "gs://"))[0]
  name    = "dags/${each.key}"
  content = each.value

  depends_on = [time_sleep.apis]
}
