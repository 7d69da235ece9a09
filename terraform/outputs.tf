# What to do next, ready to paste.

locals {
  # Of the first load; where all are tracked it has none.
  _limit = var.tracked_movies == "all" ? "" : ", \"limit\": ${var.tracked_movies}"

  _dead_letters      = google_pubsub_subscription.dead_letters.name
  _console           = "https://console.cloud.google.com"
  _viewer            = "https://storage.cloud.google.com"
  _dead_letters_page = "cloudpubsub/subscription/detail/${local._dead_letters}"
  _dashboard_id      = reverse(split("/", google_monitoring_dashboard.this.id))[0]
  _dashboard_page    = "monitoring/dashboards/builder/${local._dashboard_id}"
  _console_dashboard = "${local._console}/${local._dashboard_page}?project=${var.project_id}"
  _calls = {
    for key, function in local.functions :
    key => join(" ", var.allow_external_calls
      ? [
        "gcloud functions call ${google_cloudfunctions2_function.this[key].name}",
        "--project=${var.project_id} --region=${var.region} --data",
      ]
      : [
        "gcloud pubsub topics publish ${google_pubsub_topic.this[function.listens_to].name}",
        "--project=${var.project_id} --message",
      ]
    )
    if function.is_called
  }
  # Looker Studio's Linking API: a new report on one view. Nothing here depends on it.
  # https://developers.google.com/looker-studio/integrate/linking-api
  _looker_studio = join("&", [
    "https://lookerstudio.google.com/reporting/create?c.mode=edit",
    "r.reportName=${urlencode("TMDB traction")}",
    "ds.connector=bigQuery",
    "ds.type=TABLE",
    "ds.projectId=${var.project_id}",
    "ds.datasetId=${google_bigquery_dataset.this.dataset_id}",
    "ds.tableId=v_latest_popularity_metrics",
    "ds.billingProjectId=${var.project_id}",
  ])
  _log_filter = replace(urlencode(join(" OR ", [
    for function in google_cloudfunctions2_function.this : "resource.labels.service_name=\"${function.name}\""
  ])), "+", "%20")
}

output "next_steps" {
  description = "The next commands; `terraform output -raw next_steps` prints them again."
  value       = <<-SH
    # Once: track the most popular movies and request their history.
    ${local._calls["ingest_changes"]} '{"mode": "initial"${local._limit}}'

    # The state of this week's runs.
    bq --project_id=${var.project_id} query --nouse_legacy_sql '
      SELECT run_id, event, COUNT(*) AS times, SUM(written) AS written, MAX(logged_at) AS newest
      FROM ${google_bigquery_dataset.this.dataset_id}.ingestion_log
      WHERE run_date >= CURRENT_DATE("UTC") - 7
      GROUP BY run_id, event ORDER BY newest DESC LIMIT 20'

    # Messages that could not be processed; pulling leaves them there.
    gcloud pubsub subscriptions pull ${local._dead_letters} --project=${var.project_id} --limit=10

    # Charts: runs, queues, failures, bytes.
    echo "${local._console_dashboard}"

    # Compute days again; write your own days.
    ${local._calls["compute_metrics"]} '{"from": "2026-03-01", "to": "2026-03-07"}'
  SH
}

output "links" {
  description = "Where to look: the page where there is one, the console, and a start for reports of one's own."
  value = merge(
    { for bucket in google_storage_bucket.dashboard : "dashboard" => "${local._viewer}/${bucket.name}/index.html" },
    {
      alerts        = "${local._console}/monitoring/alerting?project=${var.project_id}"
      dead_letters  = "${local._console}/${local._dead_letters_page}?project=${var.project_id}"
      functions     = "${local._console}/run/services?project=${var.project_id}"
      logs          = "${local._console}/logs/query;query=${local._log_filter}?project=${var.project_id}"
      looker_studio = local._looker_studio
      monitoring    = local._console_dashboard
      schedules     = "${local._console}/cloudscheduler?project=${var.project_id}"
      tables = join("", [
        "${local._console}/bigquery?project=${var.project_id}",
        "&ws=!1m4!1m3!3m2!1s${var.project_id}!2s${google_bigquery_dataset.this.dataset_id}",
      ])
    },
  )
}

output "names" {
  description = "What `tmdb-traction` works on."
  value = {
    dataset         = google_bigquery_dataset.this.dataset_id
    dead_letters    = google_pubsub_subscription.dead_letters.id
    ingest_requests = google_pubsub_topic.this["ingest-requests"].id
    project_id      = var.project_id
    region          = var.region
    prefix          = var.prefix
  }
}

output "github" {
  description = "What a workflow gives to google-github-actions/auth."
  value = var.github == null ? null : {
    service_account            = google_service_account.deployer[0].email
    workload_identity_provider = google_iam_workload_identity_pool_provider.github[0].name
  }
}
