"""Secret Manager: a secret's name in, its newest value out."""

import grpc
from google.api_core.exceptions import (
    GoogleAPICallError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    RetryError,
)
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)

from shared.errors import CredentialsError, SecretsUnavailableError
from shared.plain_text import plain


def read(secret: str, emulator: str | None = None) -> str:
    """Return the latest version of projects/P/secrets/S as plain text.

    `emulator` is the host:port of a stand-in that speaks plain gRPC. What an editor or
    a shell has added to the value is left out: shared/plain_text.py.
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
                name=f"{secret}/versions/latest", timeout=10
            )
    except (NotFound, PermissionDenied, InvalidArgument) as error:
        raise CredentialsError(
            f"{secret} could not be read: {error.message}",
            field="TMDB_TOKEN_SECRET",
            remedy="add a version to the secret and let this function's service "
            "account access it (roles/secretmanager.secretAccessor)",
        ) from error
    except (GoogleAPICallError, RetryError) as error:
        raise SecretsUnavailableError(
            f"{secret} could not be read: {type(error).__name__}",
            field="TMDB_TOKEN_SECRET",
            remedy="tried again by itself",
        ) from error
    try:
        return plain(version.payload.data)
    except ValueError as error:
        raise CredentialsError(
            f"{secret} is no text",
            field="TMDB_TOKEN_SECRET",
            remedy="add a version that holds the token alone, as UTF-8: printf %s "
            '"$TMDB_TOKEN" | gcloud secrets versions add SECRET --data-file=-',
        ) from error
