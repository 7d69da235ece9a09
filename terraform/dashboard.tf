# Optional: a page about the newest published day, for people who do not query. Off unless
# var.dashboard is set. render_dashboard writes it; people open it by output links.dashboard.

locals {
  # Members who may read every row may also read the page.
  _viewers = var.dashboard ? setunion(var.viewers, local._readers) : toset([])
}

resource "google_storage_bucket" "dashboard" {
  # checkov:skip=CKV_GCP_62:Access logs of the page are not needed

  count = var.dashboard ? 1 : 0

  name                        = "${var.project_id}-${var.prefix}dashboard"
  location                    = var.bigquery_location # where the data is
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = var.delete_data

  versioning {
    enabled = true
  }

  # A page shows 90 days. It is deleted after 60 days, or 30 days after it was replaced, so
  # its oldest number is at most 180 days old: TMDB's terms allow 6 months.
  lifecycle_rule {
    condition {
      age        = 60
      with_state = "LIVE"
    }
    action {
      type = "Delete"
    }
  }
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  depends_on = [time_sleep.apis]
}

resource "google_storage_bucket_iam_member" "dashboard_writer" {
  count = var.dashboard ? 1 : 0

  bucket = google_storage_bucket.dashboard[0].name
  role   = "roles/storage.objectUser"
  member = google_service_account.function["render_dashboard"].member
}

resource "google_storage_bucket_iam_member" "viewer" {
  for_each = local._viewers

  bucket = google_storage_bucket.dashboard[0].name
  role   = "roles/storage.objectViewer"
  member = each.key
}
