# The clock: each job publishes what a person could.

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
  # Composer starts the runs then; the sweep repairs them, whoever started them.
  paused = var.orchestrator == "composer" && each.key != "sweep"

  pubsub_target {
    topic_name = google_pubsub_topic.this["ingest-requests"].id
    data       = base64encode(jsonencode({ mode = each.key }))
  }

  # Of the publishing only; the run itself is Pub/Sub's to deliver again.
  retry_config {
    retry_count = 3
  }

  # Nothing is asked for before somebody is there to answer.
  depends_on = [google_pubsub_subscription.push]
}
