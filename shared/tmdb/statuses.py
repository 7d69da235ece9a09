"""Classify TMDB's answers: one table of HTTP status and TMDB's code -> verdict.

TMDB's own errors are JSON with a `status_code`, listed at
https://developer.themoviedb.org/docs/errors. Any other error comes from a CDN or a
gateway, and says nothing about a movie or a credential.
"""

from collections.abc import Mapping
from enum import Enum, auto
from http import HTTPStatus

CREDENTIAL_CODES = frozenset({3, 7, 10, 14, 45})
"""Authentication failed (3, 14), invalid key (7), suspended key (10) or user (45)."""

_RETRIED_BELOW_500 = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,  # RFC 9110, 15.5.9: repeat it on a new connection
        HTTPStatus.TOO_EARLY,  # RFC 8470, 5.2: retry without early data
        HTTPStatus.TOO_MANY_REQUESTS,  # RFC 6585, 4
        # nginx, ngx_http_request.h: NGX_HTTP_CLIENT_CLOSED_REQUEST. A proxy that gave
        # up on its own upstream request passes it on; it is about a connection.
        499,
    }
)


class Verdict(Enum):
    """How to handle an answer."""

    FOUND = auto()
    NOT_FOUND = auto()
    RETRIED = auto()
    CREDENTIAL = auto()
    """TMDB itself rejected the credential."""
    REFUSED = auto()
    """TMDB rejects this request; a retry would not help."""


def verdict(status: int, code: int | None) -> Verdict:
    """Classify an answer; `code` is TMDB's status_code, None in other errors."""
    if status == HTTPStatus.OK:
        return Verdict.FOUND
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _RETRIED_BELOW_500:
        # Every 5xx: Cloudflare and CloudFront also use 520 to 530.
        return Verdict.RETRIED
    if status in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
    ):
        if code is None:
            return Verdict.RETRIED
        if status == HTTPStatus.NOT_FOUND:
            return Verdict.NOT_FOUND
        if code in CREDENTIAL_CODES:
            return Verdict.CREDENTIAL
    return Verdict.REFUSED


def error_code(body: object) -> int | None:
    """Return the status_code of TMDB's error; None if the body is not TMDB's."""
    code = body.get("status_code") if isinstance(body, Mapping) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None
