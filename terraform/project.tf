# The project: the APIs it needs, and its number, by which Google names its own agents.

locals {
  root = "${path.module}/.."

  _apis = toset(concat(
    [
      "artifactregistry",
      "bigquery",
      "cloudbuild",
      "cloudfunctions",
      "cloudresourcemanager",
      "cloudscheduler",
      "iam",
      "logging",
      "monitoring",
      "pubsub",
      "run",
      "secretmanager",
      "serviceusage",
      "storage",
    ],
    var.budget == null ? [] : ["billingbudgets"],
    var.composer == null ? [] : ["composer"],
    var.github == null ? [] : ["iamcredentials", "sts"],
  ))

  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_project_service" "api" {
  for_each = local._apis

  service = "${each.key}.googleapis.com"
  # Others in the project may use it too.
  disable_on_destroy = false
}

# "Enabled" comes before "usable": without this wait the first apply fails with 403s.
resource "time_sleep" "apis" {
  create_duration = "60s"
  triggers        = { for name, api in google_project_service.api : name => api.id }
}

# No depends_on: it would make the number unknown, and with it replace every grant that
# names an agent, whenever an API is added. `make doctor` checks that its API is on.
data "google_project" "this" {}
