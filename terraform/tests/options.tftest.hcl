# Everything optional switched on, and what is refused.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "time" {}

variables {
  project_id = "demo-project-1"
  readers    = []
  dashboard  = false
  tmdb_token = "0123456789abcdef0123456789abcdef"
  wikipedia  = null

  # It runs gcloud, which no mock replaces.
  create_service_agents = false

  # `terraform test` takes no ephemeral variable that is left at its default.
  alert_slack_token = "xoxb-token"
}

run "everything_on" {
  variables {
    alert_emails   = ["oncall@example.com"]
    alert_slack    = { channel = "#movies" }
    budget         = { billing_account = "012345-6789AB-CDEF01", monthly_amount = 20 }
    composer       = { image_version = "composer-3-airflow-3.3.0-build.0" }
    dashboard      = true
    delete_data    = true
    github         = { owner_id = "1", repository = "owner/name", repository_id = "2" }
    operators      = ["group:data@example.com"]
    orchestrator   = "composer"
    prefix         = "dev-"
    retention_days = 90
    viewers        = ["domain:example.com", "group:data@example.com"]
    wikipedia      = { contact = "https://example.com/about" }
  }

  assert {
    condition = (
      alltrue([for policy in google_monitoring_alert_policy.this : length(policy.notification_channels) == 2])
    )
    error_message = "Every alert goes to mail and to Slack."
  }
  assert {
    condition     = google_logging_metric.this["runs_published"].name == "dev_runs_published"
    error_message = "Two deployments in one project count apart."
  }
  assert {
    condition     = [for key, job in google_cloud_scheduler_job.this : key if job.paused] == ["daily", "weekly"]
    error_message = "Composer starts runs; the sweep goes on."
  }
  assert {
    condition     = google_pubsub_topic_iam_member.composer[0].topic == "dev-ingest-requests"
    error_message = "Composer publishes what Scheduler does."
  }
  assert {
    condition     = keys(google_storage_bucket_object.dag) == ["tmdb_traction.json", "tmdb_traction.py"]
    error_message = "The DAG and its settings are uploaded."
  }
  assert {
    condition     = google_billing_budget.this[0].budget_filter[0].projects == toset(["projects/123456789012"])
    error_message = "The budget is of this project."
  }
  assert {
    condition = (
      strcontains(
        google_iam_workload_identity_pool_provider.github[0].attribute_condition,
        "assertion.repository_id == '2' && assertion.ref == 'refs/heads/main'"
      )
    )
    error_message = "One repository's main branch deploys, no other."
  }
  assert {
    condition = (
      toset(keys(google_service_account_iam_member.deployer)) ==
      toset(["build", "composer", "compute_metrics", "fetch_details", "ingest_changes", "push", "render_dashboard"])
    )
    error_message = "The deployer puts our own accounts to work, and no other."
  }
  assert {
    condition = (
      keys(google_cloud_run_v2_service_iam_member.operator) ==
      ["compute_metrics group:data@example.com", "ingest_changes group:data@example.com"]
    )
    error_message = "Operators call what people call, and nothing else."
  }
  assert {
    condition = (
      alltrue([for table in google_bigquery_table.this : !table.deletion_protection]) &&
      google_bigquery_dataset.this.delete_contents_on_destroy
    )
    error_message = "delete_data lifts the protection."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.this["fetch_details"].name == "dev-fetch-details" &&
      google_cloudfunctions2_function.this["fetch_details"].service_config[0].environment_variables.TOPIC_PREFIX ==
      "dev-"
    )
    error_message = "The prefix is in the names and known to the functions."
  }
  assert {
    condition = (
      google_bigquery_table.this["movie_daily_snapshots"].time_partitioning[0].expiration_ms == 90 * 86400000 &&
      google_bigquery_table.this["movie_details_raw"].time_partitioning[0].expiration_ms == 30 * 86400000
    )
    error_message = "Rows are kept for retention_days, or less where their schema says so."
  }
  assert {
    condition = (
      google_storage_bucket.dashboard[0].name == "demo-project-1-dev-dashboard" &&
      google_storage_bucket.dashboard[0].public_access_prevention == "enforced" &&
      google_storage_bucket.dashboard[0].uniform_bucket_level_access
    )
    error_message = "The page's bucket is private."
  }
  assert {
    condition = (
      sum([
        for rule in google_storage_bucket.dashboard[0].lifecycle_rule :
        sum([
          rule.condition[0].age == null ? 0 : rule.condition[0].age,
          rule.condition[0].days_since_noncurrent_time == null ? 0 : rule.condition[0].days_since_noncurrent_time,
        ])
      ]) +
      90 <=
      180
    )
    error_message = "No number of a page, which shows 90 days, is kept longer than 180."
  }
  assert {
    condition = (
      google_storage_bucket_iam_member.dashboard_writer[0].bucket == "demo-project-1-dev-dashboard" &&
      google_storage_bucket_iam_member.dashboard_writer[0].role == "roles/storage.objectUser"
    )
    error_message = "render_dashboard writes to its own bucket."
  }
  assert {
    condition     = keys(google_storage_bucket_iam_member.viewer) == ["domain:example.com", "group:data@example.com"]
    error_message = "Viewers open the page, and operators too."
  }
  assert {
    condition = (
      google_cloudfunctions2_function.this["render_dashboard"].service_config[0].ingress_settings ==
      "ALLOW_INTERNAL_ONLY" &&
      google_bigquery_dataset_iam_member.function["render_dashboard"].role == "roles/bigquery.dataViewer"
    )
    error_message = "render_dashboard reads, and nobody calls it from outside."
  }
  assert {
    condition = {
      for key, function in google_cloudfunctions2_function.this :
      key => function.service_config[0].environment_variables.WIKIPEDIA_CONTACT
      if contains(keys(function.service_config[0].environment_variables), "WIKIPEDIA_CONTACT")
      } == {
      compute_metrics = "https://example.com/about"
      fetch_details   = "https://example.com/about"
      ingest_changes  = "https://example.com/about"
    }
    error_message = "Functions that use Wikipedia have the contact, and no other function."
  }
}

run "an_environment_that_exists" {
  variables {
    composer     = { environment = "our-airflow" }
    orchestrator = "composer"
  }

  override_data {
    target = data.google_composer_environment.existing[0]
    values = {
      config = [{
        dag_gcs_prefix = "gs://their-bucket/dags"
        node_config    = [{ service_account = "airflow@their-project.iam.gserviceaccount.com" }]
      }]
    }
  }

  assert {
    condition = (
      length(google_composer_environment.this) == 0 &&
      length(google_service_account.composer) == 0 &&
      length(google_project_iam_member.composer_worker) == 0
    )
    error_message = "Nothing is created beside an environment that exists."
  }
  assert {
    condition = alltrue([
      for member in [
        google_bigquery_dataset_iam_member.composer[0].member,
        google_project_iam_member.composer_jobs[0].member,
        google_pubsub_topic_iam_member.composer[0].member,
      ] : member == "serviceAccount:airflow@their-project.iam.gserviceaccount.com"
    ])
    error_message = "Its own account may start and read runs."
  }
  assert {
    condition     = google_storage_bucket_object.dag["tmdb_traction.py"].bucket == "their-bucket"
    error_message = "The DAG goes to its bucket."
  }
}

run "refuses" {
  command = plan

  variables {
    alert_emails             = ["nobody"]
    alert_gib_billed_per_day = 0
    alert_slack              = { channel = "#movies" }
    alert_slack_token        = "not a token"
    bigquery_location        = "Europe"
    budget                   = { billing_account = "mine", monthly_amount = 0.5 }
    composer                 = { image_version = "composer-2-airflow-2" }
    daily_schedule           = "daily"
    dataset                  = "tmdb-analytics"
    github                   = { owner_id = "me", repository = "name", repository_id = "2" }
    labels                   = { Team = "Growth" }
    log_level                = "debug"
    details_per_day          = 0
    max_gib_billed           = 0
    operators                = ["allUsers"]
    prefix                   = "dev"
    project_id               = "Demo"
    region                   = "europe"
    retention_days           = 365
    runbook_url              = "docs/runbook.md#top"
    sweep_schedule           = "hourly"
    tmdb_requests_per_second = 50
    tmdb_token               = "not a token"
    tmdb_token_version       = 0
    tracked_movies           = "every"
    viewers                  = ["allUsers"]
    weekly_schedule          = "0 3 * *"
  }

  expect_failures = [
    var.alert_emails,
    var.alert_gib_billed_per_day,
    var.alert_slack_token,
    var.bigquery_location,
    var.budget,
    var.composer,
    var.daily_schedule,
    var.dataset,
    var.details_per_day,
    var.github,
    var.labels,
    var.log_level,
    var.max_gib_billed,
    var.operators,
    var.prefix,
    var.project_id,
    var.region,
    var.retention_days,
    var.runbook_url,
    var.sweep_schedule,
    var.tmdb_requests_per_second,
    var.tmdb_token,
    var.tmdb_token_version,
    var.tracked_movies,
    var.viewers,
    var.weekly_schedule,
  ]
}

# Beside another variable that is wrong too these would not be looked at.
run "refuses_alone" {
  command = plan

  variables {
    alert_slack  = { channel = "movies" }
    history_days = 365
    orchestrator = "composer"
    wikipedia    = { contact = "nobody" }
  }

  expect_failures = [var.alert_slack, var.history_days, var.orchestrator, var.wikipedia]
}

run "refuses_a_contact_of_two_lines" {
  command = plan

  variables {
    wikipedia = { contact = "ops@example.com\nX-Header: 1" }
  }

  expect_failures = [var.wikipedia]
}

run "refuses_a_contact_outside_ascii" {
  command = plan

  variables {
    wikipedia = { contact = "\u4eba@example.com" }
  }

  expect_failures = [var.wikipedia]
}

run "refuses_an_empty_contact" {
  command = plan

  variables {
    wikipedia = { contact = "" }
  }

  expect_failures = [var.wikipedia]
}

run "refuses_wikipedia_of_another_location" {
  command   = plan
  state_key = "another_location"

  variables {
    bigquery_location = "EU"
    wikipedia         = { contact = "ops@example.com" }
  }

  expect_failures = [var.wikipedia]
}

run "refuses_viewers_of_no_page" {
  command = plan

  variables {
    viewers = ["group:data@example.com"]
  }

  expect_failures = [var.viewers]
}
