# Alerts, log metrics and the dashboard. alerts.yaml lists the alerts and the log metrics;
# this file makes them.

locals {
  # Without a receiver a policy would only cost.
  _alerts_on = length(var.alert_emails) > 0 || var.alert_slack != null

  _service_names = { for key, function in google_cloudfunctions2_function.this : key => function.name }
  _any_service   = join(" OR ", [for name in values(local._service_names) : "\"${name}\""])

  # Function -> the filter of its log lines; "all": of every function's.
  _log_lines = {
    for key, service in merge(
      { for key, name in local._service_names : key => "\"${name}\"" },
      { all = "(${local._any_service})" },
    ) : key => "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=${service}"
  }

  # Prefix of log metric names, which may not have a hyphen.
  _metric_prefix = replace(var.prefix, "-", "_")

  # Known before anything is created, as the keys of for_each must be.
  _monitoring = yamldecode(templatefile("${path.module}/alerts.yaml", {
    bigquery_location  = lower(var.bigquery_location)
    calls              = local._calls
    console            = local._console
    dataset            = google_bigquery_dataset.this.dataset_id
    dead_letters       = local._dead_letters
    gib_billed_per_day = var.alert_gib_billed_per_day
    metric_prefix      = local._metric_prefix
    project_id         = var.project_id
  }))

  _query = "bq --project_id=${var.project_id} query --nouse_legacy_sql"
}

resource "google_logging_metric" "this" {
  for_each = local._monitoring.log_metrics

  name            = "${local._metric_prefix}${each.key}"
  description     = each.value.description
  filter          = "${local._log_lines[each.value.function]} AND ${each.value.filter}"
  value_extractor = try("EXTRACT(jsonPayload.${each.value.field})", null)

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = can(each.value.field) ? "DISTRIBUTION" : "INT64"
    unit        = each.value.unit
  }

  dynamic "bucket_options" {
    for_each = try([each.value.bounds], [])
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
  for_each = { for key, alert in local._monitoring.alerts : key => alert if local._alerts_on }

  display_name          = "${var.prefix}${each.value.title}"
  combiner              = "OR"
  severity              = try(each.value.severity, null)
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
        # The series begins with the first run; before that the API does not know it.
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
        filter = join(" AND ", [
          local._log_lines[try(condition_matched_log.value.function, "all")],
          condition_matched_log.value.filter,
        ])
        label_extractors = {
          for label, field in condition_matched_log.value.labels : label => "EXTRACT(jsonPayload.${field})"
        }
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

  depends_on = [google_logging_metric.this, time_sleep.apis]
}

# Rows of three tiles: runs, TMDB and queues, errors and cost. Fields of value 0 are left
# out: the API drops them, so every plan would add them again.
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
  _promql = {
    for key, metric in google_logging_metric.this :
    key => "logging_googleapis_com:user_${metric.name}{monitored_resource=\"cloud_run_revision\"}"
  }
  _increase_1h = { for key, series in local._promql : key => "sum(increase(${series}[1h]))" }
  _sum_1h      = { for key, query in local._increase_1h : key => replace(query, "{", "_sum{") }
  _count_1h    = { for key, query in local._increase_1h : key => replace(query, "{", "_count{") }
  _mean_1h     = { for key, sum in local._sum_1h : key => "${sum} / ${local._count_1h[key]}" }

  _services = join(",", [
    "monitored_resource=\"cloud_run_revision\"",
    "service_name=~\"${join("|", values(local._service_names))}\"",
  ])
  _undelivered = {
    for queue, subscriptions in {
      pushes       = "=~\"${join("|", [for push in google_pubsub_subscription.push : push.name])}\""
      dead_letters = "=\"${local._dead_letters}\""
    } :
    queue => join("", [
      "pubsub_googleapis_com:subscription_num_undelivered_messages",
      "{monitored_resource=\"pubsub_subscription\",subscription_id${subscriptions}}",
    ])
  }
  _requests = {
    for series, labels in {
      count_of_failed   = "request_count{${local._services},response_code_class!=\"2xx\"}"
      latencies_buckets = "request_latencies_bucket{${local._services}}"
    } :
    series => "increase(run_googleapis_com:${labels}[1h])"
  }
  _scanned = "bigquery_googleapis_com:query_scanned_bytes_billed{monitored_resource=\"global\"}"

  _tiles = [
    {
      title   = "Runs published, by hour"
      plot    = "STACKED_BAR"
      unit    = "1"
      queries = { runs = local._increase_1h["runs_published"] }
    },
    {
      title   = "Coverage of runs"
      plot    = "LINE"
      unit    = "1"
      queries = { coverage = local._mean_1h["run_coverage"] }
    },
    {
      title   = "From plan to publication"
      plot    = "LINE"
      unit    = "s"
      queries = { seconds = local._mean_1h["run_seconds"] }
    },
    {
      title   = "TMDB's 429s, by hour"
      plot    = "STACKED_BAR"
      unit    = "1"
      queries = { throttled = local._sum_1h["tmdb_throttled"] }
    },
    {
      title   = "Messages not yet delivered"
      plot    = "LINE"
      unit    = "1"
      queries = { "$${subscription_id}" = "max by (subscription_id) (${local._undelivered.pushes})" }
    },
    {
      title   = "Dead letters waiting"
      plot    = "LINE"
      unit    = "1"
      queries = { waiting = "max(${local._undelivered.dead_letters})" }
    },
    {
      title = "Answers other than 2xx, by hour"
      plot  = "STACKED_BAR"
      unit  = "1"
      queries = {
        "$${service_name} $${response_code_class}" = join(" ", [
          "sum by (service_name, response_code_class)",
          "(${local._requests.count_of_failed})",
        ])
      }
    },
    {
      title = "Slowest requests (95 %)"
      plot  = "LINE"
      unit  = "ms"
      queries = {
        "$${service_name}" = join("", [
          "histogram_quantile(0.95, ",
          "sum by (service_name, le) (${local._requests.latencies_buckets}))",
        ])
      }
    },
    {
      title = "BigQuery: bytes billed, by hour"
      plot  = "STACKED_BAR"
      unit  = "By"
      queries = {
        "metrics"            = local._sum_1h["bytes_billed"]
        "all of the project" = "sum(increase(${local._scanned}[1h]))"
      }
    },
  ]
}
