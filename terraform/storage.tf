# Sources: one archive per function, named by its content; and the registry of images.

locals {
  # Path in the archive -> path in the repository; the same files that the local stack
  # runs (local/archives.py, tests/terraform/test_archives.py).
  _sources = {
    for key, function in local.functions : key => setunion(
      ["functions/__init__.py"],
      [for file in fileset("${local.root}/functions/${key}", "**/*.{css,j2,js,py}") : "functions/${key}/${file}"],
      [for file in fileset("${local.root}/shared", "**/*.py") : "shared/${file}"],
      flatten([for pattern in function.sql : [for file in fileset("${local.root}/sql", pattern) : "sql/${file}"]]),
    )
  }
}

data "archive_file" "function" {
  for_each = local.functions

  type             = "zip"
  output_path      = "${path.module}/.build/${each.key}.zip"
  output_file_mode = "0644"

  source {
    filename = "main.py"
    content  = <<-PYTHON
      """Where functions-framework looks for ${each.key}; generated."""

      from functions.${each.key}.main import ${each.key}

      __all__ = ["${each.key}"]
    PYTHON
  }

  source {
    filename = "requirements.txt"
    content  = file("${local.root}/functions/${each.key}/requirements.txt")
  }

  dynamic "source" {
    for_each = local._sources[each.key]
    content {
      filename = source.value
      content  = file("${local.root}/${source.value}")
    }
  }
}

resource "google_storage_bucket" "sources" {
  # checkov:skip=CKV_GCP_62:Holds nothing that is not in the repository

  name                        = "${var.project_id}-${var.prefix}function-sources"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  # It holds nothing that is not in the repository.
  force_destroy = true

  versioning {
    enabled = true
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

# A build that failed is started again by replacing this: the same archive is uploaded
# under another name, and the function is updated in place. What it serves, its URL and
# its grants stay meanwhile. `make deploy` does so where a function is behind.
resource "terraform_data" "build" {
  for_each = local.functions
}

# Named by content: a changed byte is another object, and only that deploys a function.
resource "google_storage_bucket_object" "source" {
  for_each = local.functions

  bucket = google_storage_bucket.sources.name
  name = join("", [
    "${each.key}/${data.archive_file.function[each.key].output_sha256}",
    "-${substr(terraform_data.build[each.key].id, 0, 8)}.zip",
  ])
  source = data.archive_file.function[each.key].output_path
}

resource "google_artifact_registry_repository" "functions" {
  # checkov:skip=CKV_GCP_84:Images of published code; Google's own keys do

  repository_id = "${var.prefix}functions"
  location      = var.region
  format        = "DOCKER"
  description   = "Images that Google builds of the functions"

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 5
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [time_sleep.apis]
}

resource "google_artifact_registry_repository_iam_member" "build" {
  repository = google_artifact_registry_repository.functions.name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Cloud Functions reads the repository and deletes the images of a deleted function. On a
# new project its agent has no role on it yet: "Unable to retrieve the repository metadata".
resource "google_artifact_registry_repository_iam_member" "functions_agent" {
  repository = google_artifact_registry_repository.functions.name
  location   = var.region
  role       = "roles/artifactregistry.admin"
  member     = local.agents["cloudfunctions"]

  depends_on = [time_sleep.agents]
}
