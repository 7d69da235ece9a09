"""Read the newest version of a secret from Secret Manager."""

from collections.abc import Mapping

import grpc
from google.api_core.exceptions import (
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from shared.errors import CredentialsError, SecretsUnavailableError
from shared.plain_text import plain

_GRANT = (
    "let this function's service account access the secret "
    "(roles/secretmanager.secretAccessor)"
)
_VERSION = "add a version to the secret; the newest one must be enabled"
PERMANENT: Mapping[grpc.StatusCode | None, str] = {
    grpc.StatusCode.NOT_FOUND: _VERSION,
    # The newest version is disabled or destroyed.
    grpc.StatusCode.FAILED_PRECONDITION: _VERSION,
    grpc.StatusCode.INVALID_ARGUMENT: "write projects/PROJECT/secrets/NAME",
    grpc.StatusCode.PERMISSION_DENIED: _GRANT,
}
"""gRPC status -> hint, of permanent errors; every other one is transient.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
and https://cloud.google.com/apis/design/errors
"""
RETRY = Retry(if_exception_type(ResourceExhausted, ServiceUnavailable), timeout=30)
"""As Google's client does by default, but for half as long."""


def read(secret: str, emulator: str | None = None, retry: Retry = RETRY) -> str:
    """Return the latest version of projects/P/secrets/S as plain text.

    `emulator` is the host:port of an emulator that speaks plain gRPC. What an editor or
    a shell has added to the value is removed: shared/plain_text.py.
    """
    if emulator:
        channel = grpc.insecure_channel(emulator)
        transport = SecretManagerServiceGrpcTransport(channel=channel)
        client = SecretManagerServiceClient(transport=transport)
    else:
        client = SecretManagerServiceClient()
    try:
        with client:
            version = client.access_secret_version(
                name=f"{secret}/versions/latest", timeout=10, retry=retry
            )
    except (GoogleAPICallError, RetryError, GoogleAuthError) as error:
        status = getattr(error, "grpc_status_code", None)
        if hint := PERMANENT.get(status):
            raise CredentialsError(
                f"{secret} could not be read: {error}",
                field="TMDB_TOKEN_SECRET",
                hint=hint,
            ) from error
        raise SecretsUnavailableError(
            f"{secret} could not be read: {type(error).__name__}",
            field="TMDB_TOKEN_SECRET",
            hint="retried automatically",
        ) from error
    try:
        return plain(version.payload.data)
    except ValueError as error:
        raise CredentialsError(
            f"{secret} is not text",
            field="TMDB_TOKEN_SECRET",
            hint="add a version that holds the token alone, as UTF-8: printf %s "
            '"$TMDB_TOKEN" | gcloud secrets versions add SECRET --data-file=-',
        ) from error
