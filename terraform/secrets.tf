# TMDB's token: an ephemeral variable written by a write-only argument, so that neither
# plan nor state ever holds it.

resource "google_secret_manager_secret" "tmdb_token" {
  # A secret's locations cannot be changed, and the new secret is created before the old one
  # is deleted: they need different names.
  secret_id = join("-", concat(["${var.prefix}tmdb-token"], sort(var.secret_locations)))

  replication {
    dynamic "auto" {
      for_each = length(var.secret_locations) == 0 ? [true] : []
      content {}
    }
    dynamic "user_managed" {
      for_each = length(var.secret_locations) == 0 ? [] : [var.secret_locations]
      content {
        dynamic "replicas" {
          for_each = user_managed.value
          content {
            location = replicas.value
          }
        }
      }
    }
  }

  depends_on = [time_sleep.apis]
}

resource "google_secret_manager_secret_version" "tmdb_token" {
  secret                 = google_secret_manager_secret.tmdb_token.id
  secret_data_wo         = var.tmdb_token
  secret_data_wo_version = tostring(var.tmdb_token_version)
  # A rotation can be undone: the old version is disabled, not destroyed.
  deletion_policy = "DISABLE"

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_secret_manager_secret_iam_member" "function" {
  for_each = { for key, function in local.functions : key => function if function.tmdb_share != null }

  secret_id = google_secret_manager_secret.tmdb_token.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.key].member
}
