"""A Pub/Sub emulator for the unmodified google-cloud-pubsub client.

A client connects with PUBSUB_EMULATOR_HOST set to `.address`. Messages are pulled over
gRPC or pushed over HTTP, as Pub/Sub pushes them.

Two back ends have the same interface, `Backend`:

- `PubSubEmulator`: ours, in this process. It starts at once, shortens waits and injects
  faults.
- `start_google_emulator()`: Google's own, if Java and its jar are installed.
"""

from emulators.pubsub.backend import Backend
from emulators.pubsub.emulator import PubSubEmulator
from emulators.pubsub.google_emulator import (
    GoogleEmulator,
    GoogleEmulatorError,
    find_google_emulator,
    start_google_emulator,
)
from emulators.pubsub.subscription import SubscriptionStats

__all__ = [
    "Backend",
    "GoogleEmulator",
    "GoogleEmulatorError",
    "PubSubEmulator",
    "SubscriptionStats",
    "find_google_emulator",
    "start_google_emulator",
]
