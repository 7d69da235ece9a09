"""The Pub/Sub emulator: a gRPC server in this process.

It serves gRPC on `.address` and pushes to local HTTP endpoints. Not supported:
streaming pull, ordering, exactly-once, filters, schemas, seek, retention, IAM, OIDC
tokens on pushes.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self, Unpack

import grpc

from emulators.pubsub.broker import Broker
from emulators.pubsub.services import add_services
from emulators.pubsub.settings import Behaviour, BehaviourOptions
from emulators.pubsub.subscription import SubscriptionStats

_CALLS_AT_ONCE = 32
_MAX_REQUEST_BYTES = 32 << 20  # Pub/Sub takes 10 MB; gRPC's own default is 4 MiB


class PubSubEmulator:
    """An emulator that runs from its construction until `stop`.

    address: host and port, the value for PUBSUB_EMULATOR_HOST.
    """

    def __init__(self, port: int = 0, **behaviour: Unpack[BehaviourOptions]) -> None:
        """Listen on loopback only; port 0 is a free port. OSError if it is in use.

        behaviour: the fields of `Behaviour`; the defaults are Pub/Sub's.
        """
        self._broker = Broker(Behaviour(**behaviour))
        self._threads = ThreadPoolExecutor(_CALLS_AT_ONCE, "pubsub")
        self._server = grpc.server(
            self._threads,
            options=[
                ("grpc.max_receive_message_length", _MAX_REQUEST_BYTES),
                # Otherwise a second server on this port would get a part of the calls.
                ("grpc.so_reuseport", 0),
            ],
        )
        add_services(self._server, self._broker)
        try:
            bound_port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            self.stop()
            raise OSError(f"Pub/Sub emulator: port {port} is in use") from error
        self.address = f"127.0.0.1:{bound_port}"
        self._server.start()

    def stats(self) -> Mapping[str, SubscriptionStats]:
        """Return the counts so far, by full subscription name."""
        return self._broker.stats()

    def idle(self) -> bool:
        """Return whether no push subscription has a message waiting or in delivery.

        A function publishes before it answers. A chain of pushes that is idle once has
        therefore ended.
        """
        return self._broker.idle()

    def lose(self, is_lost: Callable[[str, bytes], bool]) -> None:
        """Accept and drop messages from now on if `is_lost(topic's full name, data)`.

        Pub/Sub promises never to lose a message, but a user may purge or delete a
        subscription.
        """
        self._broker.loses = is_lost

    def stop(self) -> None:
        """Abort deliveries and drop all messages; harmless the second time."""
        stopped = self._server.stop(grace=None)
        self._broker.stop()
        stopped.wait()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
