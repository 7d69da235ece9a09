# The functions; render_dashboard only where var.dashboard is set. Plain HTTP: pubsub.tf owns
# the subscriptions that push to them.

locals {
  _runtime = "python${replace(trimspace(file("${local.root}/.python-version")), ".", "")}"

  # Everything else about a function follows from its name.
  #   is_called: people and other tools call it; otherwise only Pub/Sub reaches it.
  #   concurrency: concurrent requests of its one instance.
  #   tmdb_share: share of var.tmdb_requests_per_second; null for a function that does not
  #     use TMDB and may not read the token. Together both shares stay below TMDB's 40 a
  #     second. ingest_changes lists the movies of an initial load at the whole rate while
  #     the ledger shows that no movies are fetched.
  #   uses_wikipedia: whether it is given the contact of var.wikipedia.
  #   sql: what it reads of sql/ at run time.
  #   writes: the tables that it writes; null for a function that also creates views, and
  #     so may edit the whole dataset. All functions read the dataset.
  functions = {
    for key, function in {
      ingest_changes = {
        description    = "Decides which movies are tracked and fetched; plans runs and publishes their batches."
        listens_to     = "ingest-requests"
        publishes_to   = ["dead-letters", "ingest-requests", "metrics-requests", "movie-batches"]
        is_called      = true
        concurrency    = 4
        memory         = "1Gi" # 378 MiB for four days of 1.1 million movies at once
        timeout_s      = 540
        tmdb_share     = 0.25
        uses_wikipedia = true
        writes = [
          "batch_plan",
          "ingestion_log",
          "movie_articles",
          "movie_popularity_raw",
          "tracked_movies",
          "tracked_movies_raw",
        ]
        sql = [
          "10_metric_thresholds.sql",
          "attention/articles_due.sql",
          "attention/keep_articles.sql",
          "ledger/*.sql",
          "tracking/*.sql",
          "views/v_run_status.sql",
        ]
      }
      fetch_details = {
        description    = "Fetches a batch of movie details at a polite rate and appends them to the landing table."
        listens_to     = "movie-batches"
        publishes_to   = ["dead-letters", "metrics-requests"]
        is_called      = false
        concurrency    = 8
        memory         = "512Mi" # 275 MiB with 1,000 movies: docs/reference/measurements.md
        timeout_s      = 540
        tmdb_share     = 1
        uses_wikipedia = true
        writes         = ["ingestion_log", "movie_details_raw"]
        sql            = ["10_metric_thresholds.sql", "ledger/*.sql", "views/v_run_status.sql"]
      }
      compute_metrics = {
        description = "Runs the SQL statements of a complete run, checks what they made and publishes it."
        listens_to  = "metrics-requests"
        publishes_to = concat(
          ["dead-letters", "metrics-requests"], # a long range that is called for
          var.dashboard ? ["dashboard-requests"] : [],
        )
        is_called      = true
        concurrency    = 1
        memory         = "512Mi"
        timeout_s      = 540
        tmdb_share     = null
        uses_wikipedia = true
        writes         = null
        sql = [
          "[0-9][0-9]_*.sql",
          "alerts/*.sql",
          "attention/days_read.sql",
          "attention/read_day.sql",
          "checks/*.sql",
          "gate/*.sql",
          "ledger/*.sql",
          "views/*.sql",
          "windows/*.sql",
        ]
      }
      render_dashboard = {
        description    = "Renders the newest published day as one HTML file and writes it to its bucket."
        listens_to     = "dashboard-requests"
        publishes_to   = ["dead-letters"]
        is_called      = false
        concurrency    = 1
        memory         = "2Gi" # the series of 10,000 movies and 90 days take 0.7 GiB as rows
        timeout_s      = 540
        tmdb_share     = null
        uses_wikipedia = false
        writes         = []
        sql = [
          "dashboard/*.sql",
          "queries/chart_vintages.sql",
          "queries/genre_performance.sql",
          "queries/release_cohorts.sql",
        ]
      }
    } : key => merge(function, { name = replace(key, "_", "-") })
    if key != "render_dashboard" || var.dashboard
  }

  # By the project's id: the resource's own name has the number.
  _token_secret = "projects/${var.project_id}/secrets/${google_secret_manager_secret.tmdb_token.secret_id}"

  # By whether it may be called from outside the project's networks.
  _ingress = { true = "ALLOW_ALL", false = "ALLOW_INTERNAL_ONLY" }
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124:`gcloud functions call` comes from outside; IAM refuses everybody else

  for_each = local.functions

  name        = "${var.prefix}${each.value.name}"
  location    = var.region
  description = each.value.description

  build_config {
    runtime           = local._runtime
    entry_point       = each.key
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.functions.id

    # Security patches of the base image come without a deployment.
    automatic_update_policy {}

    source {
      storage_source {
        bucket = google_storage_bucket.sources.name
        object = google_storage_bucket_object.source[each.key].name
      }
    }
  }

  service_config {
    available_cpu                    = "1"
    available_memory                 = each.value.memory
    ingress_settings                 = local._ingress[each.value.is_called && var.allow_external_calls]
    max_instance_count               = 1 # the rate limit of TMDB is kept within a process
    max_instance_request_concurrency = each.value.concurrency
    service_account_email            = google_service_account.function[each.key].email
    timeout_seconds                  = each.value.timeout_s

    # Every field of shared/config.py's Settings; of Wikipedia's, those that use it.
    environment_variables = merge(
      {
        BIGQUERY_DATASET         = google_bigquery_dataset.this.dataset_id
        BIGQUERY_LOCATION        = google_bigquery_dataset.this.location
        DETAILS_PER_DAY          = tostring(var.details_per_day)
        FETCH_DEADLINE_S         = "300"
        GOOGLE_CLOUD_PROJECT     = var.project_id
        HISTORY_DAYS             = tostring(var.history_days)
        LOG_LEVEL                = var.log_level
        MAX_BYTES_BILLED         = tostring(var.max_gib_billed * 1024 * 1024 * 1024)
        MAX_DELIVERY_ATTEMPTS    = tostring(local._max_delivery_attempts)
        RUN_DEADLINE_S           = "10800"
        RUN_STALLED_S            = "1200"
        TMDB_BASE_URL            = "https://api.themoviedb.org/3"
        TMDB_EXPORTS_URL         = "https://files.tmdb.org/p/exports"
        TMDB_REQUESTS_PER_SECOND = tostring(var.tmdb_requests_per_second)
        TMDB_RETRY_S             = "60"
        TMDB_SHARE               = tostring(coalesce(each.value.tmdb_share, 1))
        TMDB_TOKEN_SECRET        = local._token_secret
        TRACKED_MOVIES           = var.tracked_movies

        # Which archive a revision was built from. Commands read it here, because the state
        # has the new name even after a failed build.
        SOURCE_SHA256 = data.archive_file.function[each.key].output_sha256

        # For functions-framework, which otherwise starts 4 threads.
        THREADS = tostring(each.value.concurrency)
      },
      # The API drops empty values, so every plan would add them again.
      var.prefix == "" ? {} : { TOPIC_PREFIX = var.prefix },
      var.dashboard ? { DASHBOARD_BUCKET = google_storage_bucket.dashboard[0].name } : {},
      var.wikipedia == null || !each.value.uses_wikipedia ? {} : {
        WIKIDATA_URL      = "https://www.wikidata.org/w/api.php"
        WIKIPEDIA_CONTACT = var.wikipedia.contact
      },
    )
  }

  depends_on = [
    google_bigquery_dataset_iam_member.function,
    google_bigquery_table_iam_member.function,
    google_project_iam_member.bigquery_jobs,
    google_pubsub_topic_iam_member.function,
    google_secret_manager_secret_iam_member.function,
    google_secret_manager_secret_version.tmdb_token,
    google_storage_bucket_iam_member.dashboard_writer,
    time_sleep.build_roles,
  ]
}

# On the Cloud Run service, because a function's own IAM does not have this role. The
# service's path is unknown while a function is recreated, so that its grants, which are
# lost, are recreated too.
resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = local.functions

  name     = reverse(split("/", google_cloudfunctions2_function.this[each.key].service_config[0].service))[0]
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.push.member
}
