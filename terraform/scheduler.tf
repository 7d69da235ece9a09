# The schedule: each job publishes a message, which a person could also publish.

locals {
  _schedules = {
    daily = {
      cron        = var.daily_schedule
      description = "Popularity of the day, edits, details of all tracked movies."
    }
    sweep = {
      cron        = var.sweep_schedule
      description = "Closes runs that are complete, repairs those that are stalled."
    }
    weekly = {
      cron        = var.weekly_schedule
      description = "Retires movies long outside the top, refreshes the others' descriptions."
    }
  }
}

resource "google_cloud_scheduler_job" "this" {
  for_each = local._schedules

  name        = "${var.prefix}${each.key}"
  region      = var.region
  description = each.value.description
  schedule    = each.value.cron
  time_zone   = "Etc/UTC"
  # With Composer the DAG starts the runs; the sweep repairs them in any case.
  paused = var.orchestrator == "composer" && each.key != "sweep"

  pubsub_target {
    topic_name = google_pubsub_topic.this["ingest-requests"].id
    data       = base64encode(jsonencode({ mode = each.key }))
  }

  # Retries of the publication only; Pub/Sub redelivers the run's message.
  retry_config {
    retry_count = 3
  }

  # No request before the functions can receive it.
  depends_on = [google_pubsub_subscription.push]
}
