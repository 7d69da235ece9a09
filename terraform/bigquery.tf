# The dataset, and one table per file of sql/schemas, which define the columns. The views
# are created by compute_metrics, because for_each cannot order them by dependency.
#
# movie_articles and movie_attention_daily are created without var.wikipedia too: views read
# them, empty tables cost nothing, and a variable that is unset again must delete no data.

locals {
  _schemas = {
    for file in fileset("${local.root}/sql/schemas", "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${local.root}/sql/schemas/${file}"))
  }

  _writers = merge([
    for key, function in local.functions : {
      for table in coalesce(function.writes, []) :
      "${key} ${table}" => { function = key, table = table }
    }
  ]...)

  _dataset_description = join(" ", [
    "Popularity, votes and traction of movies.",
    "Data: TMDB; this product uses the TMDB API but is not endorsed or certified by TMDB.",
  ])
}

# Dataset and location of the first deployment. With other values every table would be
# recreated: BigQuery refuses to delete a dataset that has tables, in the middle of an apply;
# or, with delete_data, all rows are deleted. So the plan fails instead;
# docs/reference/configuration.md says how to move the data.
resource "terraform_data" "data_location" {
  input = {
    dataset  = var.dataset
    location = var.bigquery_location
    project  = var.project_id
  }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition = (
        self.input.dataset == var.dataset &&
        self.input.location == var.bigquery_location &&
        self.input.project == var.project_id
      )
      error_message = join(" ", [
        "The tables are in ${self.input.project}.${self.input.dataset} in ${self.input.location},",
        "not in ${var.project_id}.${var.dataset} in ${var.bigquery_location}: this plan would delete them.",
        "Set project_id, dataset and bigquery_location back; docs/reference/configuration.md,",
        "\"Another dataset or location\", says how to move the data. Another project needs a state of its own.",
      ])
    }
  }
}

resource "google_bigquery_dataset" "this" {
  # checkov:skip=CKV_GCP_81:Published data; Google's own keys do, and cost nothing

  dataset_id                 = var.dataset
  location                   = var.bigquery_location
  description                = local._dataset_description
  delete_contents_on_destroy = var.delete_data
  max_time_travel_hours      = "168"

  # The commands read these labels: the maximum `limit` of a load, how many movies get details,
  # what a query may bill, and whether to request the page of a day that an operator withholds or
  # publishes.
  labels = {
    dashboard       = tostring(var.dashboard)
    details_per_day = tostring(var.details_per_day)
    max_gib_billed  = tostring(var.max_gib_billed)
    tracked_movies  = var.tracked_movies
  }

  depends_on = [time_sleep.apis]
}

resource "google_bigquery_dataset_iam_member" "function" {
  for_each = local.functions

  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = each.value.writes == null ? "roles/bigquery.dataEditor" : "roles/bigquery.dataViewer"
  member     = google_service_account.function[each.key].member
}

resource "google_bigquery_table_iam_member" "function" {
  for_each = local._writers

  dataset_id = google_bigquery_table.this[each.value.table].dataset_id
  table_id   = google_bigquery_table.this[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.function[each.value.function].member
}

resource "google_bigquery_table" "this" {
  # checkov:skip=CKV_GCP_80:As the dataset
  # checkov:skip=CKV_GCP_121:On unless var.delete_data is set; a test holds that

  for_each = local._schemas

  dataset_id          = google_bigquery_dataset.this.dataset_id
  table_id            = each.key
  description         = each.value.description
  schema              = jsonencode(each.value.fields)
  clustering          = length(each.value.cluster_by) > 0 ? each.value.cluster_by : null
  deletion_protection = !var.delete_data

  dynamic "time_partitioning" {
    for_each = each.value.partition_by[*]
    content {
      type          = "DAY"
      field         = time_partitioning.value
      expiration_ms = min(each.value.partition_expiration_days, var.retention_days) * 24 * 60 * 60 * 1000
    }
  }

  dynamic "table_constraints" {
    for_each = length(each.value.primary_key) > 0 ? [each.value.primary_key] : []
    content {
      primary_key {
        columns = table_constraints.value
      }
    }
  }
}
