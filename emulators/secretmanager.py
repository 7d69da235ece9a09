"""A Secret Manager emulator for the unmodified google-cloud-secret-manager client.

It serves AccessSecretVersion over gRPC on `.address`: payloads with checksums, errors
with the service's messages. Any other call answers UNIMPLEMENTED.

    channel = grpc.insecure_channel(secrets.address)
    transport = SecretManagerServiceGrpcTransport(channel=channel)
    client = SecretManagerServiceClient(transport=transport)
"""

import re
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import google_crc32c
import grpc
from google.cloud.secretmanager_v1 import types

_SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
_VERSION_NAME = re.compile(
    r"(?P<secret>projects/[^/]+/secrets/[^/]+)/versions/(?P<version>latest|[1-9]\d*)"
)


class SecretManagerEmulator:
    """An emulator that runs from its construction until `stop`.

    address: host and port for an insecure gRPC channel.
    """

    def __init__(self, secrets: Mapping[str, str | bytes], port: int = 0) -> None:
        """`secrets`: projects/P/secrets/S -> its value, which becomes version 1."""
        self._versions = {name: [value] for name, value in secrets.items()}
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(4, "secretmanager")
        self._server = grpc.server(self._threads, options=[("grpc.so_reuseport", 0)])
        access = grpc.unary_unary_rpc_method_handler(
            self._access,
            types.AccessSecretVersionRequest.deserialize,
            types.AccessSecretVersionResponse.serialize,
        )
        self._server.add_generic_rpc_handlers(
            [
                grpc.method_handlers_generic_handler(
                    _SERVICE, {"AccessSecretVersion": access}
                )
            ]
        )
        try:
            bound_port = self._server.add_insecure_port(f"127.0.0.1:{port}")
        except RuntimeError as error:
            self.stop()
            raise OSError(f"Secret Manager emulator: port {port} is in use") from error
        self.address = f"127.0.0.1:{bound_port}"
        self._server.start()

    def set(self, secret: str, value: str | bytes) -> None:
        """Add a version, which is `latest` from now on; earlier versions stay."""
        with self._lock:
            self._versions.setdefault(secret, []).append(value)

    def stop(self) -> None:
        """Stop the server; harmless the second time."""
        self._server.stop(grace=None).wait()
        self._threads.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _access(
        self, request: types.AccessSecretVersionRequest, caller: grpc.ServicerContext
    ) -> types.AccessSecretVersionResponse:
        match = _VERSION_NAME.fullmatch(request.name)
        if match is None:
            caller.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"The provided Secret Version ID [{request.name}] does not match the "
                "expected format [projects/*/secrets/*/versions/*]",
            )
        with self._lock:
            values = list(self._versions.get(match["secret"], ()))
        if not values:
            caller.abort(
                grpc.StatusCode.NOT_FOUND,
                f"Secret [{match['secret']}] not found or has no versions.",
            )
        latest = len(values)
        number = latest if match["version"] == "latest" else int(match["version"])
        if number > latest:
            caller.abort(
                grpc.StatusCode.NOT_FOUND, f"Secret Version [{request.name}] not found."
            )
        value = values[number - 1]
        data = value.encode() if isinstance(value, str) else value
        return types.AccessSecretVersionResponse(
            name=f"{match['secret']}/versions/{number}",
            payload=types.SecretPayload(
                data=data, data_crc32c=google_crc32c.value(data)
            ),
        )
