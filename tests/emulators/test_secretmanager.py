"""The Secret Manager emulator, called by the real client."""

from collections.abc import Iterator

import google_crc32c
import grpc
import pytest
from google.api_core import exceptions
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from emulators.secretmanager import SecretManagerEmulator

TOKEN = "projects/local/secrets/tmdb-token"  # noqa: S105 - a name, not a secret


@pytest.fixture
def secrets() -> Iterator[SecretManagerEmulator]:
    with SecretManagerEmulator({TOKEN: "first välue"}) as emulator:
        yield emulator


@pytest.fixture
def client(secrets: SecretManagerEmulator) -> Iterator[SecretManagerServiceClient]:
    with grpc.insecure_channel(secrets.address) as channel:
        transport = SecretManagerServiceGrpcTransport(channel=channel)
        yield SecretManagerServiceClient(transport=transport)


def test_latest_is_the_value_with_its_checksum(
    client: SecretManagerServiceClient,
) -> None:
    version = client.access_secret_version(name=f"{TOKEN}/versions/latest")

    assert version.name == f"{TOKEN}/versions/1"
    assert version.payload.data.decode() == "first välue"
    checksum = google_crc32c.value(version.payload.data)
    assert version.payload.data_crc32c == checksum


def test_a_rotation_changes_latest_and_keeps_the_old_number(
    client: SecretManagerServiceClient, secrets: SecretManagerEmulator
) -> None:
    secrets.set(TOKEN, "second")

    latest = client.access_secret_version(name=f"{TOKEN}/versions/latest")
    assert (latest.name, latest.payload.data) == (f"{TOKEN}/versions/2", b"second")
    first = client.access_secret_version(name=f"{TOKEN}/versions/1")
    assert first.payload.data.decode() == "first välue"


def test_an_unknown_secret_is_not_found_in_the_words_of_the_service(
    client: SecretManagerServiceClient,
) -> None:
    with pytest.raises(exceptions.NotFound) as caught:
        client.access_secret_version(name=f"{TOKEN}-other/versions/latest")
    assert (
        caught.value.message == f"Secret [{TOKEN}-other] not found or has no versions."
    )


def test_an_unknown_version_is_not_found(client: SecretManagerServiceClient) -> None:
    with pytest.raises(exceptions.NotFound) as caught:
        client.access_secret_version(name=f"{TOKEN}/versions/2")
    assert caught.value.message == f"Secret Version [{TOKEN}/versions/2] not found."


def test_a_name_without_a_version_is_invalid(
    client: SecretManagerServiceClient,
) -> None:
    with pytest.raises(exceptions.InvalidArgument, match="expected format"):
        client.access_secret_version(name=TOKEN)


def test_other_calls_are_not_implemented(client: SecretManagerServiceClient) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        client.get_secret(name=TOKEN)


def test_a_taken_port_is_an_error_that_names_it(secrets: SecretManagerEmulator) -> None:
    port = int(secrets.address.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        SecretManagerEmulator({}, port)
