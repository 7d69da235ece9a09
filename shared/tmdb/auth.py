"""Turn a secret into what authenticates a request to TMDB."""

import re
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import cast

import requests
from requests.auth import AuthBase

from shared.errors import CredentialsError


class CredentialKind(StrEnum):
    """The two kinds of TMDB's credentials."""

    READ_TOKEN = "v4 read access token"  # noqa: S105 - its name
    API_KEY = "v3 API key"


_SHAPES = {
    CredentialKind.API_KEY: re.compile(r"[0-9a-fA-F]{32}"),
    CredentialKind.READ_TOKEN: re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII),
}


def credential_kind(text: str) -> CredentialKind | None:
    """Distinguish a v3 key (32 hex digits) from a v4 token (three dotted parts)."""
    kinds = (kind for kind, shape in _SHAPES.items() if shape.fullmatch(text))
    return next(kinds, None)


class _ReadToken(AuthBase):
    """The v4 read access token, as an auth object, so that no ~/.netrc replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _ApiKey(AuthBase):
    """The v3 key, which TMDB accepts only in the query."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.prepare_url(r.url, {"api_key": self._key})
        return r


def authentication(secret: str) -> AuthBase:
    """Return a secret's auth object; CredentialsError if it is no credential."""
    match credential_kind(secret):
        case CredentialKind.API_KEY:
            return _ApiKey(secret)
        case CredentialKind.READ_TOKEN:
            return _ReadToken(secret)
        case None:
            raise bad_credential(
                "the secret is neither a v4 read token nor a v3 API key"
            )


def bad_credential(reason: str) -> CredentialsError:
    """Return the error of a credential that cannot be used, with a hint."""
    return CredentialsError(
        reason,
        field="TMDB_TOKEN_SECRET",
        hint="copy the API Read Access Token (or the API Key) from "
        "https://www.themoviedb.org/settings/api into a new version of the secret",
    )


class Credential:
    """TMDB's credential, read from its secret once, and again if TMDB rejects it.

    Safe for threads: one thread reads it for all.
    """

    def __init__(self, read_secret: Callable[[], str]) -> None:
        self._read_secret = read_secret
        self._lock = threading.Lock()
        self._secret: str | None = None
        self._auth: AuthBase | None = None
        self._read_at = 0.0

    def current(self) -> AuthBase:
        """Return what authenticates a request; the secret is read when first needed."""
        with self._lock:
            if self._auth is None:
                self._read()
            return cast("AuthBase", self._auth)

    def renew(self, refused: AuthBase, sent_at: float) -> bool:
        """Read the secret again; return whether its credential differs from `refused`.

        `sent_at`: when the request was sent, by time.monotonic. If many requests are
        rejected together, only one of them reads the secret.
        """
        with self._lock:
            if self._auth is refused and self._read_at <= sent_at:
                self._read()
            return self._auth is not refused

    def _read(self) -> None:
        secret = self._read_secret()
        # Only now: requests sent during the read may have the old credential.
        self._read_at = time.monotonic()
        if secret != self._secret:
            self._auth = authentication(secret)
            self._secret = secret
