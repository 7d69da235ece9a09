# The project: the APIs it needs, and its number, which names Google's service agents.

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

  # Service -> the account by which Google's service acts in this project.
  _agent_domains = {
    cloudfunctions = "gcf-admin-robot"
    pubsub         = "gcp-sa-pubsub"
  }
  agents = {
    for service, domain in local._agent_domains :
    service => "serviceAccount:service-${data.google_project.this.number}@${domain}.iam.gserviceaccount.com"
  }
}

resource "google_project_service" "api" {
  for_each = local._apis

  service = "${each.key}.googleapis.com"
  # Other users of the project may need it too.
  disable_on_destroy = false
}

# "Enabled" comes before "usable": without this wait the first apply fails with 403s.
resource "time_sleep" "apis" {
  create_duration = "60s"
  triggers        = { for name, api in google_project_service.api : name => api.id }
}

# No depends_on: it would make the number unknown, and with it replace every grant that
# names an agent, whenever an API is added. So its API must be on before the first plan:
# `tmdb-traction doctor` checks that.
data "google_project" "this" {}

# A new project has no service agent until one is requested, and a grant to an account
# that does not exist is refused. By gcloud, because the resource that does the same is
# only in the provider google-beta. An agent that exists stays as it is.
resource "terraform_data" "agent" {
  for_each = var.create_service_agents ? local.agents : {}

  triggers_replace = each.value

  provisioner "local-exec" {
    command = join(" ", [
      "gcloud beta services identity create",
      "--service=${each.key}.googleapis.com --project=${var.project_id} --quiet",
    ])
  }

  depends_on = [time_sleep.apis]
}

# Every grant to an agent depends on this: IAM knows a new account after some seconds.
resource "time_sleep" "agents" {
  create_duration = "30s"
  triggers        = { for service, agent in terraform_data.agent : service => agent.id }

  depends_on = [time_sleep.apis]
}
