variable "alert_emails" {
  description = "Addresses that alerts are mailed to. Without one, and without alert_slack, there are no alerts."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", email))])
    error_message = "Write mail addresses, such as [\"oncall@example.com\"]."
  }
}

variable "alert_gib_billed_per_day" {
  description = "GiB that all queries of the project may bill in 24 hours before an alert fires."
  type        = number
  default     = 50

  validation {
    condition     = var.alert_gib_billed_per_day >= 1 && var.alert_gib_billed_per_day % 1 == 0
    error_message = "Write a whole number of GiB, 1 or more."
  }
}

variable "alert_slack" {
  description = "Slack channel for the alerts. Its token is alert_slack_token; raise token_version to change it."
  type = object({
    channel       = string
    token_version = optional(number, 1)
  })
  default = null

  validation {
    condition     = var.alert_slack == null || can(regex("^#\\S+$", var.alert_slack.channel))
    error_message = "Write alert_slack.channel as Slack shows it, such as \"#movies\"."
  }
  validation {
    condition     = var.alert_slack == null || can(regex("^[1-9][0-9]*$", var.alert_slack.token_version))
    error_message = "Write alert_slack.token_version as a whole number, one more than before."
  }
}

variable "alert_slack_token" {
  description = "OAuth token of Cloud Monitoring's Slack app. Neither in the plan nor in the state."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = var.alert_slack_token == null || can(regex("^xox[a-z]-\\S+$", var.alert_slack_token))
    error_message = "Set TF_VAR_alert_slack_token to a token that begins with xoxb- or xoxp-."
  }
  validation {
    condition     = var.alert_slack == null || var.alert_slack_token != null
    error_message = "Set TF_VAR_alert_slack_token to the token of alert_slack."
  }
}

variable "allow_external_calls" {
  description = <<-TEXT
    Lets `gcloud functions call` reach ingest-changes and compute-metrics from outside the
    project's networks; IAM refuses everybody else. Set false where an organization policy
    allows internal ingress only; then start runs by publishing to their topics.
  TEXT
  type        = bool
  default     = true
}

variable "bigquery_location" {
  description = "Region or multi-region of the dataset and its jobs. Fixed once the dataset exists."
  type        = string
  default     = "US"

  validation {
    condition     = can(regex("^(US|EU|[a-z]+-[a-z]+[0-9]+)$", var.bigquery_location))
    error_message = "Write US, EU, or a region such as europe-west1."
  }
}

variable "budget" {
  description = <<-TEXT
    Monthly budget of the project, with mails at 50, 90 and 100 %. Whoever deploys needs
    roles/billing.costsManager on the billing account; so does the account deployer, with github.
  TEXT
  type = object({
    billing_account = string
    currency        = optional(string, "USD")
    monthly_amount  = number
  })
  default = null

  validation {
    condition     = var.budget == null || can(regex("^[0-9A-F]{6}(-[0-9A-F]{6}){2}$", var.budget.billing_account))
    error_message = "Write budget.billing_account as in `gcloud billing accounts list`: 012345-6789AB-CDEF01."
  }
  validation {
    condition     = var.budget == null || can(regex("^[1-9][0-9]*$", var.budget.monthly_amount))
    error_message = "Write budget.monthly_amount in whole units of the currency, 1 or more."
  }
  validation {
    condition     = var.budget == null || can(regex("^[A-Z]{3}$", var.budget.currency))
    error_message = "Write budget.currency as the three letters of the billing account's currency, such as USD."
  }
}

variable "composer" {
  description = <<-TEXT
    Composer 3 environment for orchestrator = "composer": `image_version` creates one
    (hundreds of USD a month), `environment` names one that exists in the same region.
  TEXT
  type = object({
    environment      = optional(string)
    environment_size = optional(string, "ENVIRONMENT_SIZE_SMALL")
    image_version    = optional(string)
  })
  default = null

  validation {
    condition = var.composer == null || can(
      regex("^ENVIRONMENT_SIZE_(SMALL|MEDIUM|LARGE)$", var.composer.environment_size)
    )
    error_message = "Write composer.environment_size as ENVIRONMENT_SIZE_SMALL, _MEDIUM or _LARGE."
  }
  validation {
    condition = (
      try(var.composer.image_version, null) == null ||
      can(regex("^composer-3-airflow-3\\.([2-9]|[1-9][0-9])\\.", var.composer.image_version))
    )
    error_message = "Write composer.image_version as composer-3-airflow-3.3.1-build.0: Airflow 3.2 or newer."
  }
  validation {
    condition = (
      var.composer == null ||
      (try(var.composer.environment, null) == null) != (try(var.composer.image_version, null) == null)
    )
    error_message = "Write composer.image_version to create an environment, or composer.environment to use one."
  }
}

variable "create_service_agents" {
  description = <<-TEXT
    Creates the service agents of Pub/Sub and Cloud Functions by gcloud, once. Set false where
    Terraform runs without gcloud, and create them first: docs/reference/configuration.md.
  TEXT
  type        = bool
  default     = true
}

variable "daily_schedule" {
  description = <<-TEXT
    When the daily run starts: cron, UTC. TMDB publishes the day's export at about 08:00, and
    at 13:00 the sweep starts a daily run that is missing.
  TEXT
  type        = string
  default     = "0 9 * * *"

  validation {
    condition     = can(regex("^[0-5]?[0-9] (0?[89]|1[0-2]) \\* \\* \\*$", var.daily_schedule))
    error_message = "Write an hour from 8 to 12, every day, such as \"0 9 * * *\"."
  }
}

variable "dashboard" {
  description = "Renders a page about each published day, for the members of viewers, readers and operators."
  type        = bool
  default     = false
}

variable "dataset" {
  description = "BigQuery dataset of the tables and views."
  type        = string
  default     = "tmdb_analytics"

  validation {
    condition     = can(regex("^[A-Za-z_][A-Za-z0-9_]{0,99}$", var.dataset))
    error_message = "Write letters, digits and underscores, such as tmdb_analytics."
  }
}

variable "delete_data" {
  description = "Lifts the deletion protection of tables and dataset: destroy then deletes the data."
  type        = bool
  default     = false
}

variable "details_per_day" {
  description = "Of how many tracked movies a run asks TMDB for details, votes and description; one request each."
  type        = number
  default     = 200000

  validation {
    # So many take 1.9 of the 3 hours that a run has, at 30 requests a second.
    condition     = var.details_per_day >= 1 && var.details_per_day <= 200000 && var.details_per_day % 1 == 0
    error_message = "Write a whole number from 1 to 200000."
  }
}

variable "github" {
  description = <<-TEXT
    Repository whose workflows on `branch` may deploy, without a key: owner/name and the two
    numbers of `gh api repos/OWNER/NAME --jq '.id, .owner.id'`.
  TEXT
  type = object({
    branch        = optional(string, "main")
    owner_id      = string
    repository    = string
    repository_id = string
  })
  default = null

  validation {
    condition     = var.github == null || can(regex("^[^/ ]+/[^/ ]+$", var.github.repository))
    error_message = "Write github.repository as owner/name."
  }
  validation {
    # It is quoted in the condition that admits a workflow.
    condition     = var.github == null || can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.github.branch))
    error_message = "Write github.branch as a branch's name, such as main."
  }
  validation {
    condition = var.github == null || can(
      regex("^[0-9]+ [0-9]+$", "${var.github.owner_id} ${var.github.repository_id}")
    )
    error_message = "Write github.owner_id and github.repository_id as numbers, which nobody can take over."
  }
}

variable "history_days" {
  description = "How far back popularity history is read; TMDB keeps about 3 months."
  type        = number
  default     = 90

  validation {
    condition     = var.history_days >= 1 && var.history_days <= 90 && var.history_days % 1 == 0
    error_message = "Write a whole number of days from 1 to 90."
  }
  validation {
    condition     = var.history_days <= var.retention_days
    error_message = "Write at most retention_days: older days would expire as they are loaded."
  }
}

variable "labels" {
  description = "Labels put on everything, besides app and managed_by."
  type        = map(string)
  default     = {}

  validation {
    condition = alltrue([
      for key, value in var.labels : can(regex("^[a-z][a-z0-9_-]{0,62}=[a-z0-9_-]{0,63}$", "${key}=${value}"))
    ])
    error_message = "Write lower-case letters, digits, - and _ in keys and values, such as { team = \"growth\" }."
  }
}

variable "log_level" {
  description = "Least severity that the functions log."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "Write DEBUG, INFO, WARNING or ERROR."
  }
}

variable "max_gib_billed" {
  description = "A query that would read more GiB than this is refused by BigQuery."
  type        = number
  default     = 20

  validation {
    condition     = var.max_gib_billed >= 1 && var.max_gib_billed % 1 == 0
    error_message = "Write a whole number of GiB, 1 or more."
  }
}

variable "operators" {
  description = <<-TEXT
    Members who may start and repair runs, besides the project's owners: call the functions,
    publish runs, read and replay dead letters, and all that readers may.
  TEXT
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for member in var.operators : can(regex("^(user|group|serviceAccount):\\S+@\\S+$", member))
    ])
    error_message = "Write user:, group: or serviceAccount: and an address, such as \"group:data@example.com\"."
  }
}

variable "orchestrator" {
  description = <<-TEXT
    Starts the daily and weekly runs: "scheduler" (Cloud Scheduler) or "composer" (the DAG, in
    the environment of var.composer; pauses their Scheduler jobs and leaves the sweep running).
  TEXT
  type        = string
  default     = "scheduler"

  validation {
    condition     = contains(["scheduler", "composer"], var.orchestrator)
    error_message = "Write \"scheduler\" or \"composer\"."
  }
  validation {
    condition     = var.orchestrator != "composer" || var.composer != null
    error_message = "Set composer too: the environment that runs the DAG."
  }
}

variable "prefix" {
  description = "Put before every name but the dataset's, to hold two deployments in one project."
  type        = string
  default     = ""

  validation {
    # With it the longest service account id still has 30 characters.
    condition     = can(regex("^([a-z][a-z0-9-]{0,9}-)?$", var.prefix))
    error_message = "Write at most 11 lower-case letters, digits and hyphens, the last a hyphen: \"dev-\", or \"\"."
  }
  validation {
    # Refused in ids of identity pools, of topics and of buckets.
    condition     = !can(regex("^(gcp-|goog)|google", var.prefix))
    error_message = "Write a prefix without gcp- or goog at its start and without google: these names are reserved."
  }
}

variable "project_id" {
  description = "Google Cloud project to deploy to."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "Write the id of `gcloud projects list`: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "readers" {
  description = "Members who may read: tables and views, status, cost, logs, dashboard. Operators may too."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for member in var.readers : can(regex("^(user|group|serviceAccount):\\S+@\\S+$", member))
    ])
    error_message = "Write user:, group: or serviceAccount: and an address, such as \"group:data@example.com\"."
  }
}

variable "region" {
  description = "Region of the functions, their sources and the schedules."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Write a region of `gcloud functions regions list --gen2`, such as us-central1."
  }
}

variable "retention_days" {
  description = "Days that any row is kept; fewer where sql/schemas says so. TMDB's terms allow 6 months."
  type        = number
  default     = 180

  validation {
    # The metrics of a day and of the day before look back 46 days; TMDB's terms allow 180.
    condition     = var.retention_days >= 48 && var.retention_days <= 180 && var.retention_days % 1 == 0
    error_message = "Write a whole number of days from 48 (what the metrics read) to 180 (TMDB's terms)."
  }
}

variable "runbook_url" {
  description = "Address of docs/runbook.md, which alerts link to; put before the alert's anchor."
  type        = string
  default     = "docs/runbook.md"

  validation {
    condition     = can(regex("^[^# ]+$", var.runbook_url))
    error_message = "Write an address without an anchor, such as \"https://git.example.com/docs/runbook.md\"."
  }
}

variable "secret_locations" {
  description = "Regions of TMDB's token, where a policy (gcp.resourceLocations) refuses automatic replication."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for location in var.secret_locations : can(regex("^[a-z]+-[a-z]+[0-9]+$", location))])
    error_message = "Write regions of `gcloud secrets locations list`, such as [\"europe-west1\"], or []."
  }
}

variable "sweep_schedule" {
  description = <<-TEXT
    When the sweep runs, which repairs and closes unfinished runs: cron, UTC. A load may start at
    any hour, and the first sweep after 13:00 starts a daily run that is missing.
  TEXT
  type        = string
  default     = "*/15 * * * *"

  validation {
    condition     = can(regex("^(\\S+ ){4}\\S+$", var.sweep_schedule))
    error_message = "Write five cron fields, such as \"*/15 * * * *\"."
  }
}

variable "tmdb_requests_per_second" {
  description = "Request rate of fetch-details; ingest-changes adds a quarter. TMDB allows about 40 in all."
  type        = number
  default     = 30

  validation {
    condition     = var.tmdb_requests_per_second > 0 && var.tmdb_requests_per_second <= 32
    error_message = "Write a number above 0 and at most 32."
  }
}

variable "tmdb_token" {
  description = <<-TEXT
    TMDB's API Read Access Token (or API Key) from https://www.themoviedb.org/settings/api.
    Kept in Secret Manager only: neither in the plan nor in the state.
  TEXT
  type        = string
  ephemeral   = true
  sensitive   = true

  validation {
    condition     = can(regex("^([0-9a-fA-F]{32}|[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+){2})$", var.tmdb_token))
    error_message = "Set TF_VAR_tmdb_token to the API Read Access Token (a.b.c) or the API Key (32 hexadecimal digits)."
  }
}

variable "tmdb_token_version" {
  description = "Raise it to store another token: a change of the token itself is invisible to Terraform."
  type        = number
  default     = 1

  validation {
    condition     = var.tmdb_token_version >= 1 && var.tmdb_token_version % 1 == 0
    error_message = "Write a whole number, one more than before."
  }
}

variable "tracked_movies" {
  description = "How many of the most popular movies are tracked, or all: every feature film of TMDB."
  type        = string
  default     = "1000"

  validation {
    condition = (
      var.tracked_movies == "all" || can(regex("^[1-9]\\d*$", var.tracked_movies))
      && try(tonumber(var.tracked_movies) <= 200000, false)
    )
    error_message = "Write a whole number from 1 to 200000, or all."
  }
}

variable "viewers" {
  description = "Members who may open the dashboard's page and nothing else. Readers and operators may too."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for member in var.viewers : can(regex("^((user|group|serviceAccount):\\S+@\\S+|domain:[^@\\s]+)$", member))
    ])
    error_message = "Write user:, group: or serviceAccount: and an address, or domain: and a name."
  }
  validation {
    condition     = var.dashboard || length(var.viewers) == 0
    error_message = "Set dashboard = true: without it there is no page to open."
  }
}

variable "weekly_schedule" {
  description = "When the weekly run starts, which retires movies and refreshes the retired ones: cron, UTC."
  type        = string
  default     = "0 3 * * 0"

  validation {
    condition     = can(regex("^(\\S+ ){4}\\S+$", var.weekly_schedule))
    error_message = "Write five cron fields, such as \"0 3 * * 0\"."
  }
}

variable "wikipedia" {
  description = <<-TEXT
    Reads how often the movies' Wikipedia articles are read, a second witness of breakouts:
    { contact = "ops@example.com" }, the address or page by which Wikidata knows the operator.
  TEXT
  type        = object({ contact = string })
  default     = null

  validation {
    condition     = var.wikipedia == null ? true : can(regex("^([!-~]+@|https://)[!-~]+$", var.wikipedia.contact))
    error_message = "Write one address in ASCII, such as ops@example.com, or a page that begins with https://."
  }
  validation {
    condition     = var.wikipedia == null || var.bigquery_location == "US"
    error_message = "Write wikipedia only where bigquery_location is US: the public page views are there."
  }
}
