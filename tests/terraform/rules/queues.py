"""Queues: topics, subscriptions and ticks are those the local stack is tested with."""

import ast
import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from local import archives
from local import topics as local_topics
from shared import messages
from shared.errors import BadMessageError
from tests.terraform.driver import Json, planned
from tests.terraform.rules.reading import of_type

TOPICS = {
    name: value
    for name, value in vars(messages).items()
    if isinstance(value, str)
    and value in {*local_topics.SUBSCRIBERS, messages.DEAD_LETTERS}
}
"""Constant of shared/messages.py -> topic."""


LONGEST_RETENTION = "2678400s"


def queues_are_the_local_ones(plan: Json) -> Iterator[str]:
    """Topics and push subscriptions are those the local stack is tested with."""
    topics = {item["values"]["name"] for item in of_type(plan, "google_pubsub_topic")}
    if topics != {*local_topics.SUBSCRIBERS, messages.DEAD_LETTERS}:
        yield f"topics are {sorted(topics)}"
    pushes = {
        item["index"]: item["values"]
        for item in of_type(plan, "google_pubsub_subscription")
        if item["name"] == "push"
    }
    if set(pushes) != set(local_topics.SUBSCRIBERS.values()):
        yield f"pushed to are {sorted(pushes)}"
    shortest_s, longest_s = local_topics.BACK_OFF_S
    for topic, function in local_topics.SUBSCRIBERS.items():
        push = pushes.get(function, {})
        declared = {
            "name": push.get("name"),
            "ack_deadline_seconds": push.get("ack_deadline_seconds"),
            "retry_policy": push.get("retry_policy"),
            "most_attempts": [
                policy["max_delivery_attempts"]
                for policy in push.get("dead_letter_policy", [])
            ],
            "expiration_policy": push.get("expiration_policy"),
            "has_oidc": [bool(to["oidc_token"]) for to in push.get("push_config", [])],
        }
        wanted = {
            "name": topic,
            "ack_deadline_seconds": local_topics.ACK_DEADLINE_S,
            "retry_policy": [
                {
                    "minimum_backoff": f"{shortest_s}s",
                    "maximum_backoff": f"{longest_s}s",
                }
            ],
            "most_attempts": [local_topics.MOST_ATTEMPTS],
            "expiration_policy": [{"ttl": ""}],
            "has_oidc": [True],
        }
        if declared != wanted:
            yield f"the subscription of {function} says {declared}, not {wanted}"

    for item in of_type(plan, "google_cloudfunctions2_function"):
        env = item["values"]["service_config"][0]["environment_variables"]
        if (said_last := env.get("MAX_DELIVERY_ATTEMPTS")) != str(
            local_topics.MOST_ATTEMPTS
        ):
            yield f"{item['index']} takes {said_last} for the last delivery"


def dead_letters_are_kept(plan: Json) -> Iterator[str]:
    """Dead letters are kept for 31 days, and Pub/Sub may move messages to them."""
    kept = [
        item["values"]
        for item in of_type(plan, "google_pubsub_subscription")
        if item["name"] == "dead_letters"
    ]
    if [values["message_retention_duration"] for values in kept] != [LONGEST_RETENTION]:
        yield "dead letters are not kept for 31 days"
    agents = [
        (item["type"], item["values"]["role"], item["values"].get("member", ""))
        for item in planned(plan)
        if item["name"] == "dead_letters" and item["type"].endswith("_iam_member")
    ]
    moves = [role for _, role, who in agents if "gcp-sa-pubsub" in who]
    wanted = ["roles/pubsub.publisher"] + ["roles/pubsub.subscriber"] * len(
        local_topics.SUBSCRIBERS
    )
    if sorted(moves) != wanted:
        yield f"Pub/Sub's agent has {moves}: dead letters would never arrive"


def publishers_may_publish(plan: Json) -> Iterator[str]:
    """Let a function publish to the topics that its code names only."""
    granted: dict[str, set[str]] = {}
    for item in of_type(plan, "google_pubsub_topic_iam_member"):
        if item["name"] == "function":
            function, topic = item["index"].split()
            granted.setdefault(function, set()).add(topic)
    for function in archives.FUNCTIONS:
        if granted.get(function) != (named := topics_named_by(function)):
            yield f"{function} may publish to {granted.get(function)}, names {named}"


def topics_named_by(function: str) -> set[str]:
    """Return the topics that a function's main.py or its imports name."""
    named: set[str] = set()
    seen: set[str] = set()
    left = [f"functions.{function}.main"]
    while left:
        module = left.pop()
        path = archives.ROOT / f"{module.replace('.', '/')}.py"
        if module in seen or not path.is_file():
            continue
        seen.add(module)
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            left += [
                node.module,
                *(f"{node.module}.{name.name}" for name in node.names),
            ]
            if node.module == "shared.messages":
                named |= {name.name for name in node.names} & TOPICS.keys()
    return {TOPICS[name] for name in named}


def ticks_are_understood(plan: Json) -> Iterator[str]:
    """Scheduler publishes messages that ingest_changes accepts."""
    for item in of_type(plan, "google_cloud_scheduler_job"):
        body = json.loads(base64.b64decode(item["values"]["pubsub_target"][0]["data"]))
        try:
            messages.IngestRequest.from_json(body, datetime.now(UTC).date())
        except BadMessageError as error:
            yield f"{item['address']}: {error}"
        if item["values"]["time_zone"] != "Etc/UTC":
            yield f"{item['address']} is not in UTC"
