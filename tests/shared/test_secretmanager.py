"""Secret Manager: Google's client, with the emulator and with errors."""

import grpc
import pytest
from google.api_core.retry import Retry

from emulators.secretmanager import SecretManagerEmulator
from shared import secretmanager
from shared.errors import CredentialsError, SecretsUnavailableError
from tests.refusing_server import refusing

TOKEN = "projects/local/secrets/tmdb-token"  # noqa: S105 - a name, not a secret
ERRORS = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


def test_the_newest_version_is_read_after_each_rotation() -> None:
    with SecretManagerEmulator({TOKEN: "first"}) as secrets:
        assert secretmanager.read(TOKEN, secrets.address) == "first"
        secrets.set(TOKEN, "second")
        assert secretmanager.read(TOKEN, secrets.address) == "second"


def test_a_secret_that_does_not_exist_is_named_with_what_to_do() -> None:
    with (
        SecretManagerEmulator({TOKEN: "first"}) as secrets,
        pytest.raises(CredentialsError, match=f"{TOKEN}-other could not be read") as e,
    ):
        secretmanager.read(f"{TOKEN}-other", secrets.address)
    assert e.value.field == "TMDB_TOKEN_SECRET"
    assert "add a version" in e.value.hint


@pytest.mark.parametrize("status", ERRORS, ids=lambda status: status.name)
def test_each_status_of_secret_manager_stays_or_passes(
    status: grpc.StatusCode,
) -> None:
    never = Retry(lambda _: False, timeout=0.1)
    hint = secretmanager.PERMANENT.get(status)
    with refusing(status) as address:
        with pytest.raises(CredentialsError if hint else SecretsUnavailableError) as e:
            secretmanager.read(TOKEN, address, never)
        assert e.value.hint == (hint or "retried automatically")


def test_a_disabled_version_is_not_waited_for() -> None:
    assert grpc.StatusCode.FAILED_PRECONDITION in secretmanager.PERMANENT
    assert grpc.StatusCode.UNAVAILABLE not in secretmanager.PERMANENT
