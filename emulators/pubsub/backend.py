"""The protocol that both Pub/Sub back ends implement; mypy checks both."""

from typing import Protocol, Self


class Backend(Protocol):
    """A running Pub/Sub; leaving its `with` block stops it."""

    @property
    def address(self) -> str:
        """Host and port, the value for PUBSUB_EMULATOR_HOST."""

    def stop(self) -> None:
        """End it; harmless when it has ended already."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exception: object) -> None: ...
