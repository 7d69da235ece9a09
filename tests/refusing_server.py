"""A gRPC server that answers every call with one status."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import override

import grpc


class _Refusing(grpc.GenericRpcHandler):
    def __init__(self, status: grpc.StatusCode) -> None:
        self._status = status

    @override
    def service(
        self, handler_call_details: object
    ) -> "grpc.RpcMethodHandler[bytes, bytes]":
        def refuse(_: bytes, caller: grpc.ServicerContext) -> bytes:
            caller.abort(self._status, "refused")

        return grpc.unary_unary_rpc_method_handler(refuse)


@contextmanager
def refusing(status: grpc.StatusCode) -> Iterator[str]:
    """Serve the status; yield the server's host:port."""
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads, handlers=[_Refusing(status)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(grace=None).wait()
