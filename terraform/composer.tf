# Optional: an Airflow of its own, which may publish what Scheduler publishes and nothing
# else. Off unless var.composer is set.

resource "google_service_account" "composer" {
  count = var.composer == null ? 0 : 1

  account_id   = "${var.prefix}composer"
  display_name = "Runs the Composer environment"

  depends_on = [time_sleep.apis]
}

resource "google_project_iam_member" "composer" {
  # checkov:skip=CKV_GCP_49:The role that Composer demands of its account, on the project

  count = var.composer == null ? 0 : 1

  project = var.project_id
  role    = "roles/composer.worker"
  member  = google_service_account.composer[0].member
}

resource "google_pubsub_topic_iam_member" "composer" {
  count = var.composer == null ? 0 : 1

  topic  = google_pubsub_topic.this["ingest-requests"].name
  role   = "roles/pubsub.publisher"
  member = google_service_account.composer[0].member
}

resource "google_composer_environment" "this" {
  count = var.composer == null ? 0 : 1

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

  depends_on = [google_project_iam_member.composer]
}
