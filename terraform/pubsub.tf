# Queues: topic -> push subscription -> function; what cannot be processed waits 31 days
# in dead-letters. Subscriptions of our own, not Eventarc's: those keep messages for a
# day, have no dead letters, and Terraform cannot set them.

locals {
  _topics = toset(concat(["dead-letters"], [for function in local.functions : function.listens_to]))

  # At growing distance they last about 2 hours: longer than TMDB's outages. The functions
  # know it too: the last delivery of a batch records what is missing.
  _max_delivery_attempts = 20

  _publishers = merge([
    for key, function in local.functions : {
      for topic in function.publishes_to : "${key} ${topic}" => { function = key, topic = topic }
    }
  ]...)
}

resource "google_pubsub_topic" "this" {
  # checkov:skip=CKV_GCP_83:Movie ids; Google's own keys do

  for_each = local._topics

  name = "${var.prefix}${each.key}"

  depends_on = [time_sleep.apis]
}

resource "google_pubsub_topic_iam_member" "function" {
  for_each = local._publishers

  topic  = google_pubsub_topic.this[each.value.topic].name
  role   = "roles/pubsub.publisher"
  member = google_service_account.function[each.value.function].member
}

resource "google_pubsub_subscription" "push" {
  for_each = local.functions

  name  = "${var.prefix}${each.value.listens_to}"
  topic = google_pubsub_topic.this[each.value.listens_to].id
  # The longest a push may take; every function ends before.
  ack_deadline_seconds       = 600
  message_retention_duration = "604800s" # 7 days

  expiration_policy {
    ttl = "" # never
  }

  push_config {
    push_endpoint = google_cloudfunctions2_function.this[each.key].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.push.email
      audience              = google_cloudfunctions2_function.this[each.key].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.this["dead-letters"].id
    max_delivery_attempts = local._max_delivery_attempts
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push,
    google_service_account_iam_member.push_token,
  ]
}

# Pub/Sub itself moves a message on: it publishes to the one and acknowledges on the other.
resource "google_pubsub_topic_iam_member" "dead_letters" {
  topic  = google_pubsub_topic.this["dead-letters"].name
  role   = "roles/pubsub.publisher"
  member = local.agents["pubsub"]

  depends_on = [time_sleep.agents]
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = local.functions

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agents["pubsub"]

  depends_on = [time_sleep.agents]
}

# Without a subscription a topic keeps nothing.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "${var.prefix}dead-letters"
  topic                      = google_pubsub_topic.this["dead-letters"].id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s" # 31 days, the longest there is

  expiration_policy {
    ttl = "" # never
  }
}
