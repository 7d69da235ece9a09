"""The interface of both Pub/Sub back ends; mypy checks that they implement it."""

from typing import Protocol, Self


class Backend(Protocol):
    """A running Pub/Sub; leaving its `with` block stops it."""

    @property
    def address(self) -> str:
        """Host and port, the value for PUBSUB_EMULATOR_HOST."""

    def stop(self) -> None:
        """Stop it; harmless if it has already stopped."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exception: object) -> None: ...
