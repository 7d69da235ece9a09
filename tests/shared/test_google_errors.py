"""Errors of Pub/Sub and Secret Manager: each status, as Google's clients raise it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import override

import grpc
import pytest
from google.api_core.retry import Retry

from shared import secretmanager
from shared.errors import (
    CredentialsError,
    QueueUnavailableError,
    SecretsUnavailableError,
)
from shared.messages import MOVIE_BATCHES
from shared.pubsub import HINTS, Publisher

TOKEN = "projects/local/secrets/tmdb-token"  # noqa: S105 - a name, not a secret
ERRORS = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


class _Refusing(grpc.GenericRpcHandler):
    """Answers every call with one status."""

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
def _refusing(status: grpc.StatusCode) -> Iterator[str]:
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads, handlers=[_Refusing(status)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(grace=None).wait()


@pytest.mark.parametrize("status", ERRORS, ids=lambda status: status.name)
def test_each_status_of_secret_manager_stays_or_passes(
    status: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "shared.secretmanager._RETRY", Retry(lambda _: False, timeout=0.1)
    )
    hint = secretmanager.PERMANENT.get(status)
    with _refusing(status) as address:
        with pytest.raises(CredentialsError if hint else SecretsUnavailableError) as e:
            secretmanager.read(TOKEN, address)
        assert e.value.remedy == (hint or "retried automatically")


def test_a_disabled_version_is_not_waited_for() -> None:
    assert grpc.StatusCode.FAILED_PRECONDITION in secretmanager.PERMANENT
    assert grpc.StatusCode.UNAVAILABLE not in secretmanager.PERMANENT


@pytest.mark.parametrize(
    "status",
    [*HINTS, grpc.StatusCode.INVALID_ARGUMENT],
    ids=lambda status: status.name,
)
def test_what_pubsub_does_not_take_is_handed_back_with_a_hint(
    status: grpc.StatusCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.pubsub.PUBLISH_TIMEOUT_S", 2.0)
    with _refusing(status) as address:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address)
        topics = Publisher("local")
        with pytest.raises(QueueUnavailableError) as caught:
            topics.publish(MOVIE_BATCHES, [{"a": 1}])
    # A used-up quota is retried by Google's client, until our patience ends.
    hints = {HINTS.get(status), "retried automatically"}
    assert caught.value.remedy in hints
    if status in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED):
        assert caught.value.remedy == HINTS[status]
