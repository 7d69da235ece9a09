"""Read the settings of a subscription from its protobuf message.

Unsupported settings are refused, so that no caller relies on them by mistake. An OIDC
token is the exception: no local endpoint would check it, so none is sent.
"""

from typing import TYPE_CHECKING, cast

from google.pubsub_v1 import types

from emulators.pubsub.settings import RefusedError, SubscriptionSettings

if TYPE_CHECKING:
    from datetime import timedelta

_ACK_DEADLINES_S = range(10, 601)
_MAX_ATTEMPTS = range(5, 101)
_DEFAULT_BACKOFF_S = (10.0, 600.0)


def read_settings(spec: types.Subscription) -> SubscriptionSettings:
    """Read the settings; RefusedError for those that are invalid or unsupported."""
    _refuse_unknown_features(spec)
    refuse_endpoint(spec.push_config)
    dead_letter = spec.dead_letter_policy
    return SubscriptionSettings(
        name=spec.name,
        topic=spec.topic,
        ack_deadline_s=_within(
            _ACK_DEADLINES_S, spec.ack_deadline_seconds, "ack_deadline_seconds"
        ),
        backoff_s=_backoff_s(spec),
        dead_letter_topic=dead_letter.dead_letter_topic or None,
        max_delivery_attempts=_within(
            _MAX_ATTEMPTS, dead_letter.max_delivery_attempts, "max_delivery_attempts"
        ),
    )


def refuse_endpoint(push: types.PushConfig) -> None:
    """Refuse other endpoints than http://: all are on this machine."""
    if push.push_endpoint and not push.push_endpoint.startswith("http://"):
        raise RefusedError(
            "INVALID_ARGUMENT",
            f"the local Pub/Sub emulator pushes to http:// only: {push.push_endpoint}",
        )
    if "no_wrapper" in push:
        raise RefusedError(
            "INVALID_ARGUMENT",
            "the local Pub/Sub emulator has no push without the wrapper",
        )


def _refuse_unknown_features(spec: types.Subscription) -> None:
    absent = {
        "filter: use one topic for each kind of message": bool(spec.filter),
        "message ordering": spec.enable_message_ordering,
        "exactly-once delivery": spec.enable_exactly_once_delivery,
        "delivery to BigQuery": "bigquery_config" in spec,
        "delivery to Cloud Storage": "cloud_storage_config" in spec,
        "message transforms": bool(spec.message_transforms),
    }
    for feature, wanted in absent.items():
        if wanted:
            raise RefusedError(
                "INVALID_ARGUMENT", f"the local Pub/Sub emulator has no {feature}"
            )


def _within(allowed: range, value: int, field: str) -> int:
    """Return a value in its range; 0 (not given) is the default, the least value."""
    if value and value not in allowed:
        raise RefusedError(
            "INVALID_ARGUMENT",
            f"{field} must be {allowed.start} to {allowed.stop - 1}, not {value}",
        )
    return value or allowed.start


def _backoff_s(spec: types.Subscription) -> tuple[float, float] | None:
    if "retry_policy" not in spec:
        return None
    policy = spec.retry_policy
    shortest, longest = _DEFAULT_BACKOFF_S
    # proto-plus declares a Duration, but returns a timedelta.
    if "minimum_backoff" in policy:
        shortest = cast("timedelta", policy.minimum_backoff).total_seconds()
    if "maximum_backoff" in policy:
        longest = cast("timedelta", policy.maximum_backoff).total_seconds()
    return shortest, longest
