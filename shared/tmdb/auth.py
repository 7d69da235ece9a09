"""Credentials: a secret in, what authenticates a request to TMDB out."""

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
    """The two credentials that TMDB hands out."""

    READ_TOKEN = "v4 read access token"  # noqa: S105 - its name
    API_KEY = "v3 API key"


_SHAPES = {
    CredentialKind.API_KEY: re.compile(r"[0-9a-fA-F]{32}"),
    CredentialKind.READ_TOKEN: re.compile(r"[\w-]+\.[\w-]+\.[\w-]+", re.ASCII),
}


def credential_kind(text: str) -> CredentialKind | None:
    """Tell a v3 key (32 hex digits) from a v4 token (three dotted parts)."""
    kinds = (kind for kind, shape in _SHAPES.items() if shape.fullmatch(text))
    return next(kinds, None)


class _ReadToken(AuthBase):
    """The v4 read access token. As an auth object, so that no ~/.netrc replaces it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class _ApiKey(AuthBase):
    """The short v3 key, which TMDB takes in the query only."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.prepare_url(r.url, {"api_key": self._key})
        return r


def authentication(secret: str) -> AuthBase:
    """Make of a secret what authenticates requests; CredentialsError if it is none."""
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
    """Return the error of a credential that cannot be used, with what to do."""
    return CredentialsError(
        reason,
        field="TMDB_TOKEN_SECRET",
        hint="copy the API Read Access Token (or the API Key) from "
        "https://www.themoviedb.org/settings/api into a new version of the secret",
    )


class Credential:
    """TMDB's credential, read from its secret once and again when TMDB refuses it.

    Safe to use from many threads: what one of them has read serves all.
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
        """Read the secret again; tell whether its credential differs from `refused`.

        `sent_at`: when the request left, by time.monotonic. Of many that were under
        way and are refused together, one reads the secret.
        """
        with self._lock:
            if self._auth is refused and self._read_at <= sent_at:
                self._read()
            return self._auth is not refused

    def _read(self) -> None:
        secret = self._read_secret()
        # Only now: what was sent while the secret was read may carry the old one.
        self._read_at = time.monotonic()
        if secret != self._secret:
            self._auth = authentication(secret)
            self._secret = secret
