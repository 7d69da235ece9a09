"""Pub/Sub on a laptop, for the unmodified google-cloud-pubsub client.

In: gRPC calls of a client that has PUBSUB_EMULATOR_HOST set to `.address`.
Out: messages, pulled over gRPC or pushed over HTTP as Pub/Sub pushes them.

Two back ends with one small interface, `Backend`:

- `PubSubStandIn`: ours, in this process; starts at once, can hurry and can misbehave.
- `start_google_emulator()`: Google's own emulator, where Java and its jar are there.
"""

from emulators.pubsub.backend import Backend
from emulators.pubsub.google_emulator import (
    GoogleEmulator,
    GoogleEmulatorError,
    find_google_emulator,
    start_google_emulator,
)
from emulators.pubsub.standin import PubSubStandIn
from emulators.pubsub.subscription import SubscriptionStats

__all__ = [
    "Backend",
    "GoogleEmulator",
    "GoogleEmulatorError",
    "PubSubStandIn",
    "SubscriptionStats",
    "find_google_emulator",
    "start_google_emulator",
]
