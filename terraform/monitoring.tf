# What calls somebody, and what one looks at then. Few conditions, each of one series:
# conditions are what Cloud Monitoring charges for. The events and fields named here are
# those of the functions' log lines (tests/terraform/test_alerts.py compares them with
# the logs of real runs); docs/runbook.md has a chapter for each alert.

locals {
  # Without anybody to tell, a policy would only cost.
  _alerts_on = length(var.alert_emails) > 0 || var.alert_slack != null

  _service_names = { for key, function in google_cloudfunctions2_function.this : key => function.name }
  _logs_of       = { for key, name in local._service_names : key => "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${name}\"" }
  _logs_of_all   = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for name in values(local._service_names) : "\"${name}\""])})"

  _metrics_published = "${local._logs_of["compute_metrics"]} AND jsonPayload.message=\"metrics_published\""

  # Log line -> series. A counter without `field`, else the distribution of its values,
  # whose `bounds` separate what one would want to tell apart. The API requires bounds;
  # where it has to fill them in, every plan would take them out again.
  _log_metrics = {
    runs_published = { filter = "${local._metrics_published} AND jsonPayload.run_id=~\"^(daily|initial)-\"", field = null, unit = "1", bounds = [], description = "Daily and initial runs whose metrics were published." }
    run_coverage   = { filter = "${local._metrics_published} AND jsonPayload.run_id=~\"^(daily|initial)-\"", field = "coverage", unit = "1", bounds = [0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1], description = "Fetched movies over those to fetch, 0 to 1, of each published run." }
    run_seconds    = { filter = "${local._metrics_published} AND jsonPayload.run_id=~\"^(daily|initial)-\"", field = "run_seconds", unit = "s", bounds = [60, 120, 300, 600, 900, 1200, 1800, 3600, 5400, 7200, 10800, 14400], description = "From a run's plan to its published metrics." }
    bytes_billed   = { filter = local._metrics_published, field = "bytes_billed", unit = "By", bounds = [for power in range(20, 45, 2) : pow(2, power)], description = "Bytes that BigQuery billed for computing metrics." }
    tmdb_throttled = { filter = "${local._logs_of["fetch_details"]} AND jsonPayload.message=\"batch_stored\"", field = "tmdb_throttled", unit = "1", bounds = [1, 2, 5, 10, 20, 50, 100, 200, 500], description = "Requests of a batch that TMDB answered with 429." }
  }

  _dead_letters = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id=\"${google_pubsub_subscription.dead_letters.name}\""
  _query        = "bq --project_id=${var.project_id} query --nouse_legacy_sql"
  _dataset      = google_bigquery_dataset.this.dataset_id

  # Each has one of `promql`, `threshold` and `log`.
  _alerts = {
    run_overdue = {
      title    = "No run was published for 26 hours"
      severity = "CRITICAL"
      # increase() is an estimate: one run may count as a little less than 1.
      # Absence conditions see 23.5 hours at most, and nothing before the first value.
      promql = "(sum(increase(${local._promql["runs_published"]}[26h])) or vector(0)) < 0.5"
      means  = "The daily run did not start, did not end, or its day is withheld. People see the day before."
      query  = "SELECT run_id, state, coverage, batches_done, batches_total, last_seen_at FROM ${local._dataset}.v_run_status WHERE run_date >= CURRENT_DATE() - 3 ORDER BY started_at DESC"
      repair = "${local._calls["ingest_changes"]} '{\"mode\": \"daily\"}'"
    }
    run_incomplete = {
      title    = "A run ended with too few movies"
      severity = "ERROR"
      log = {
        filter = "${local._logs_of_all} AND ((jsonPayload.message=\"metrics_published\" AND jsonPayload.is_covered=false) OR jsonPayload.message=\"run_closed\")"
        fields = { run_id = "run_id", coverage = "coverage", reason = "reason" }
      }
      means  = "Run $${log.extracted_label.run_id}: coverage $${log.extracted_label.coverage} $${log.extracted_label.reason}. What was fetched is published; the rest is missing."
      query  = "SELECT event, reason, COUNT(*) AS movies FROM ${local._dataset}.ingestion_log WHERE run_date >= CURRENT_DATE() - 3 AND event IN ('MOVIE_FAILED', 'RUN_CLOSED') GROUP BY event, reason ORDER BY movies DESC"
      repair = "${local._calls["ingest_changes"]} '{\"mode\": \"sweep\"}'"
    }
    check_failed = {
      title    = "A check failed: a day is withheld"
      severity = "ERROR"
      log = {
        filter = "${local._logs_of["compute_metrics"]} AND jsonPayload.message=\"check_failed\""
        fields = { check = "check", day = "day", rows = "rows" }
      }
      means  = "$${log.extracted_label.check} found $${log.extracted_label.rows} rows on $${log.extracted_label.day}. The views go on showing the day before."
      query  = "SELECT run_id, reason, logged_at FROM ${local._dataset}.ingestion_log WHERE run_date >= CURRENT_DATE() - 3 AND event = 'CHECK_FAILED' ORDER BY logged_at DESC"
      repair = "${local._calls["compute_metrics"]} '{\"from\": \"$${log.extracted_label.day}\", \"to\": \"$${log.extracted_label.day}\"}'"
    }
    dead_letters = {
      title     = "Messages wait in dead-letters"
      severity  = "ERROR"
      threshold = { filter = local._dead_letters, aligner = "ALIGN_MAX", period_s = 300, above = 0 }
      means     = "They were refused for good, or failed 20 times. Each says why; they wait 31 days."
      query     = "SELECT run_id, state, coverage FROM ${local._dataset}.v_run_status WHERE run_date >= CURRENT_DATE() - 3 ORDER BY started_at DESC"
      repair    = "make dead-letters PROJECT=${var.project_id}, then make replay-dead-letters PROJECT=${var.project_id}"
    }
    function_failed = {
      title    = "A function crashed"
      severity = "ERROR"
      # Crashes, and what Cloud Run itself says of memory, time and starts. Left out are
      # errors with an alert of their own, and Cloud Run's line about each 503: by that a
      # function asks for the message again.
      log = {
        filter = "${local._logs_of_all} AND severity>=ERROR AND NOT httpRequest.status=503 AND NOT jsonPayload.message=~\"^(check_failed|delivery_refused|metrics_published|metrics_withheld|run_closed)$\""
        fields = { error = "message" }
      }
      means  = "$${resource.label.service_name}: $${log.extracted_label.error}. Pub/Sub delivers the message again, 20 times in about 2 hours."
      query  = "SELECT run_id, state, batches_done, batches_total FROM ${local._dataset}.v_run_status WHERE run_date >= CURRENT_DATE() - 3 ORDER BY started_at DESC"
      repair = "make deploy PROJECT=${var.project_id} of the version before, or of a fix"
    }
    bytes_billed = {
      title     = "BigQuery bills more than ${var.alert_gib_billed_per_day} GiB a day"
      severity  = "WARNING"
      threshold = { filter = "metric.type=\"bigquery.googleapis.com/query/scanned_bytes_billed\" AND resource.type=\"global\"", aligner = "ALIGN_SUM", period_s = 86400, above = var.alert_gib_billed_per_day * 1024 * 1024 * 1024 }
      means     = "Of all queries in the project, people's and dashboards' too. The first TiB of a month is free."
      query     = "SELECT user_email, COUNT(*) AS jobs, SUM(total_bytes_billed) / POW(1024, 3) AS gib FROM `region-${lower(var.bigquery_location)}`.INFORMATION_SCHEMA.JOBS_BY_PROJECT WHERE creation_time >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 DAY) GROUP BY user_email ORDER BY gib DESC"
      repair    = "bound the day in the query that reads most; the functions' own limit is max_gib_billed"
    }
    viral_breakout = {
      title    = "Movies break out"
      severity = null
      log = {
        filter = "${local._logs_of["compute_metrics"]} AND jsonPayload.message=\"breakouts_found\""
        fields = { headline = "headline", run_id = "run_id" }
      }
      means  = "$${log.extracted_label.headline}"
      query  = "SELECT * FROM ${local._dataset}.v_breakouts WHERE started_on >= CURRENT_DATE() - 1 ORDER BY viral_coefficient DESC"
      repair = "nothing is broken. Why: make explain MOVIE=... PROJECT=${var.project_id}; all of them: ${local._console}/bigquery?project=${var.project_id}"
    }
  }

  _promql = { for name, metric in google_logging_metric.this : name => "logging_googleapis_com:user_${metric.name}{monitored_resource=\"cloud_run_revision\"}" }
}

resource "google_logging_metric" "this" {
  for_each = local._log_metrics

  name            = replace("${var.prefix}${each.key}", "-", "_")
  description     = each.value.description
  filter          = each.value.filter
  value_extractor = each.value.field == null ? null : "EXTRACT(jsonPayload.${each.value.field})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = each.value.field == null ? "INT64" : "DISTRIBUTION"
    unit        = each.value.unit
  }

  dynamic "bucket_options" {
    for_each = each.value.field == null ? [] : [each.value.bounds]
    content {
      explicit_buckets {
        bounds = bucket_options.value
      }
    }
  }

  depends_on = [time_sleep.apis]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  display_name = "${var.prefix}tmdb-traction ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
  user_labels  = local._user_labels

  depends_on = [time_sleep.apis]

  lifecycle {
    # A channel that a policy still names cannot be deleted: the policies go first.
    create_before_destroy = true
  }
}

resource "google_monitoring_notification_channel" "slack" {
  count = var.alert_slack == null ? 0 : 1

  display_name = "${var.prefix}tmdb-traction ${var.alert_slack.channel}"
  type         = "slack"
  labels       = { channel_name = var.alert_slack.channel }
  user_labels  = local._user_labels

  sensitive_labels {
    auth_token_wo         = var.alert_slack_token
    auth_token_wo_version = tostring(var.alert_slack.token_version)
  }

  depends_on = [time_sleep.apis]

  lifecycle {
    # A channel that a policy still names cannot be deleted: the policies go first.
    create_before_destroy = true
  }
}

locals {
  # The provider's default labels do not reach these.
  _user_labels = merge(var.labels, { app = "tmdb-traction", managed_by = "terraform" })
  _channels = concat(
    [for channel in google_monitoring_notification_channel.email : channel.id],
    google_monitoring_notification_channel.slack[*].id,
  )
}

resource "google_monitoring_alert_policy" "this" {
  for_each = { for key, alert in local._alerts : key => alert if local._alerts_on }

  display_name          = "${var.prefix}${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local._channels
  user_labels           = local._user_labels

  conditions {
    display_name = each.value.title

    dynamic "condition_prometheus_query_language" {
      for_each = try([each.value.promql], [])
      content {
        query               = condition_prometheus_query_language.value
        duration            = "3600s" # after a first deployment there is an hour to load
        evaluation_interval = "300s"
        # The series begins with the first run: until then the API does not know it.
        disable_metric_validation = true
      }
    }

    dynamic "condition_threshold" {
      for_each = try([each.value.threshold], [])
      content {
        filter          = condition_threshold.value.filter
        comparison      = "COMPARISON_GT"
        threshold_value = condition_threshold.value.above
        duration        = "0s"

        aggregations {
          alignment_period     = "${condition_threshold.value.period_s}s"
          per_series_aligner   = condition_threshold.value.aligner
          cross_series_reducer = "REDUCE_SUM"
        }
      }
    }

    dynamic "condition_matched_log" {
      for_each = try([each.value.log], [])
      content {
        filter           = condition_matched_log.value.filter
        label_extractors = { for label, field in condition_matched_log.value.fields : label => "EXTRACT(jsonPayload.${field})" }
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"

    # Required with a matched log, refused with anything else.
    dynamic "notification_rate_limit" {
      for_each = try([each.value.log], [])
      content {
        period = "3600s"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    subject   = each.value.title
    content   = <<-MARKDOWN
      ${each.value.means}

      First look: ${local._query} "${replace(each.value.query, "`", "\\`")}"

      Then: ${each.value.repair}

      Runbook: ${var.runbook_url}#${replace(each.key, "_", "-")}
    MARKDOWN
  }

  depends_on = [time_sleep.apis]
}

# Rows of three tiles: runs, TMDB and queues, errors and cost. Without zeros: the API
# leaves them out, and every plan would put them back.
resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName = "${var.prefix}tmdb-traction"
    mosaicLayout = {
      columns = 48
      tiles = [
        for index, tile in local._tiles : merge(
          {
            for key, value in {
              width  = 16
              height = 16
              xPos   = (index % 3) * 16
              yPos   = floor(index / 3) * 16
            } : key => value if value > 0
          },
          {
            widget = {
              title = tile.title
              xyChart = {
                dataSets = [
                  for legend, query in tile.queries : {
                    plotType       = tile.plot
                    legendTemplate = legend
                    timeSeriesQuery = {
                      prometheusQuery = query
                      unitOverride    = tile.unit
                    }
                  }
                ]
                yAxis = { scale = "LINEAR" }
              }
            }
          },
        )
      ]
    }
  })

  depends_on = [time_sleep.apis]
}

locals {
  _run      = "monitored_resource=\"cloud_run_revision\",service_name=~\"${join("|", values(local._service_names))}\""
  _pushes   = "monitored_resource=\"pubsub_subscription\",subscription_id=~\"${join("|", [for push in google_pubsub_subscription.push : push.name])}\""
  _waiting  = "monitored_resource=\"pubsub_subscription\",subscription_id=\"${google_pubsub_subscription.dead_letters.name}\""
  _mean     = { for name, series in local._promql : name => "sum(increase(${replace(series, "{", "_sum{")}[1h])) / sum(increase(${replace(series, "{", "_count{")}[1h]))" }
  _sum_1h   = { for name, series in local._promql : name => "sum(increase(${replace(series, "{", "_sum{")}[1h]))" }
  _count_1h = { for name, series in local._promql : name => "sum(increase(${series}[1h]))" }

  _tiles = [
    { title = "Runs published, by hour", plot = "STACKED_BAR", unit = "1", queries = { runs = local._count_1h["runs_published"] } },
    { title = "Coverage of runs", plot = "LINE", unit = "1", queries = { coverage = local._mean["run_coverage"] } },
    { title = "From plan to publication", plot = "LINE", unit = "s", queries = { seconds = local._mean["run_seconds"] } },
    { title = "TMDB's 429s, by hour", plot = "STACKED_BAR", unit = "1", queries = { throttled = local._sum_1h["tmdb_throttled"] } },
    { title = "Messages not yet delivered", plot = "LINE", unit = "1", queries = {
      "$${subscription_id}" = "max by (subscription_id) (pubsub_googleapis_com:subscription_num_undelivered_messages{${local._pushes}})"
    } },
    { title = "Dead letters waiting", plot = "LINE", unit = "1", queries = {
      waiting = "max(pubsub_googleapis_com:subscription_num_undelivered_messages{${local._waiting}})"
    } },
    { title = "Answers other than 2xx, by hour", plot = "STACKED_BAR", unit = "1", queries = {
      "$${service_name} $${response_code_class}" = "sum by (service_name, response_code_class) (increase(run_googleapis_com:request_count{${local._run},response_code_class!=\"2xx\"}[1h]))"
    } },
    { title = "Slowest requests (95 %)", plot = "LINE", unit = "ms", queries = {
      "$${service_name}" = "histogram_quantile(0.95, sum by (service_name, le) (increase(run_googleapis_com:request_latencies_bucket{${local._run}}[1h])))"
    } },
    { title = "BigQuery: bytes billed, by hour", plot = "STACKED_BAR", unit = "By", queries = {
      "metrics"            = local._sum_1h["bytes_billed"]
      "all of the project" = "sum(increase(bigquery_googleapis_com:query_scanned_bytes_billed{monitored_resource=\"global\"}[1h]))"
    } },
  ]
}
