# The deployment as it comes. A mocked provider: needs no account, proves no API.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "time" {}

variables {
  alert_emails = []
  alert_slack  = null
  operators    = []
  project_id   = "demo-project-1"
  readers      = []
  dashboard    = false
  tmdb_token   = "header.payload.signature"
  wikipedia    = null

  # It runs gcloud, which no mock replaces.
  create_service_agents = false

  # `terraform test` takes no ephemeral variable that is left at its default.
  alert_slack_token = "xoxb-token"
}

run "as_it_comes" {
  assert {
    condition = (
      toset(keys(google_cloudfunctions2_function.this)) ==
      toset(["compute_metrics", "fetch_details", "ingest_changes"])
    )
    error_message = "There are three functions, and no dashboard."
  }
  assert {
    condition = {
      for key, function in google_cloudfunctions2_function.this : key => function.service_config[0].ingress_settings
      } == {
      compute_metrics = "ALLOW_ALL"
      fetch_details   = "ALLOW_INTERNAL_ONLY"
      ingest_changes  = "ALLOW_ALL"
    }
    error_message = "Only what people call is reachable from outside."
  }
  assert {
    condition = (
      length(google_monitoring_alert_policy.this) == 0 && length(google_monitoring_notification_channel.email) == 0
    )
    error_message = "Without anybody to tell there are no alerts."
  }
  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.operator) == 0
    error_message = "Only owners may call a function unless operators are set."
  }
  assert {
    condition     = alltrue([for job in google_cloud_scheduler_job.this : !job.paused])
    error_message = "Scheduler drives by default."
  }
  assert {
    condition = (
      alltrue([for table in google_bigquery_table.this : table.deletion_protection]) &&
      !google_bigquery_dataset.this.delete_contents_on_destroy
    )
    error_message = "Data is protected by default."
  }
  assert {
    condition = (
      length(
        concat(
          google_billing_budget.this,
          google_composer_environment.this,
          google_iam_workload_identity_pool.github,
          google_service_account.deployer,
          google_storage_bucket.dashboard
        )
      ) ==
      0
    )
    error_message = "What costs or trusts more is off by default."
  }
  assert {
    condition = alltrue([
      for function in google_cloudfunctions2_function.this :
      length(regexall("WIKI", join(" ", keys(function.service_config[0].environment_variables)))) == 0
    ])
    error_message = "No function reads Wikipedia by default."
  }
  assert {
    condition = (
      length(setintersection(keys(google_bigquery_table.this), ["movie_articles", "movie_attention_daily"])) == 2
    )
    error_message = "Its tables exist, because views read them."
  }
  assert {
    condition = (
      google_pubsub_topic.this["movie-batches"].name == "movie-batches" &&
      google_storage_bucket.sources.name == "demo-project-1-function-sources"
    )
    error_message = "Names carry no prefix."
  }
}

run "applies" {
  command = apply

  assert {
    condition = (
      strcontains(
        output.next_steps,
        join(" ", [
          "gcloud functions call ingest-changes --project=demo-project-1 --region=us-central1",
          "--data '{\"mode\": \"initial\", \"limit\": 1000}'",
        ])
      )
    )
    error_message = "The first command starts the initial load."
  }
  assert {
    condition     = google_secret_manager_secret_version.tmdb_token.secret_data == null
    error_message = "The token is in no state."
  }
  assert {
    condition     = !contains(keys(output.links), "dashboard") && strcontains(output.links.monitoring, "/monitoring/")
    error_message = "Without a dashboard no link leads to one."
  }
}
