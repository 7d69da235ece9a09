# Who may use a deployment: readers may read, operators may also start and repair runs. Owners
# of the project need neither. docs/reference/configuration.md says which command needs which role.

locals {
  _readers = setunion(var.operators, var.readers)

  # Roles whose smallest scope is the project. That of data is the dataset.
  _reader_roles = toset([
    "roles/bigquery.jobUser",                  # queries
    "roles/bigquery.resourceViewer",           # jobs of others: what a month costs
    "roles/cloudfunctions.viewer",             # functions, and how their builds ended
    "roles/logging.viewer",                    # what the functions log
    "roles/monitoring.viewer",                 # dashboard, alerts
    "roles/run.viewer",                        # what serves
    "roles/serviceusage.serviceUsageConsumer", # the project as the quota project
  ])
  _reader_grants = {
    for pair in setproduct(local._reader_roles, local._readers) :
    "${pair[0]} ${pair[1]}" => { role = pair[0], member = pair[1] }
  }

  _callers = {
    for pair in setproduct([for key, function in local.functions : key if function.is_called], var.operators) :
    "${pair[0]} ${pair[1]}" => { function = pair[0], member = pair[1] }
  }

  # The topics of the functions: for starting runs and replaying dead letters.
  _starters = {
    for pair in setproduct([for function in local.functions : function.listens_to], var.operators) :
    "${pair[0]} ${pair[1]}" => { topic = pair[0], member = pair[1] }
  }
}

resource "google_project_iam_member" "reader" {
  for_each = local._reader_grants

  project = var.project_id
  role    = each.value.role
  member  = each.value.member

  depends_on = [time_sleep.apis]
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each = local._readers

  dataset_id = google_bigquery_dataset.this.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

resource "google_cloud_run_v2_service_iam_member" "operator" {
  for_each = local._callers

  name     = reverse(split("/", google_cloudfunctions2_function.this[each.value.function].service_config[0].service))[0]
  location = var.region
  role     = "roles/run.invoker"
  member   = each.value.member
}

resource "google_pubsub_topic_iam_member" "operator" {
  for_each = local._starters

  topic  = google_pubsub_topic.this[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = each.value.member
}

# What `withhold` and `publish` write: the day's row, what the newest day is now, and the
# reason in the ledger.
resource "google_bigquery_table_iam_member" "operator" {
  for_each = {
    for pair in setproduct(["catalogue_days", "ingestion_log", "latest_movie_metrics"], var.operators) :
    "${pair[0]} ${pair[1]}" => { table = pair[0], member = pair[1] }
  }

  dataset_id = google_bigquery_dataset.this.dataset_id
  table_id   = google_bigquery_table.this[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = each.value.member
}

# To read dead letters is to pull them; to replay them, to acknowledge them too.
resource "google_pubsub_subscription_iam_member" "operator" {
  for_each = var.operators

  subscription = google_pubsub_subscription.dead_letters.name
  role         = "roles/pubsub.subscriber"
  member       = each.key
}
