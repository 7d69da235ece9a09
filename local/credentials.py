"""Read the local stack's TMDB credential from TMDB_TOKEN."""

import os

from shared.plain_text import plain
from shared.tmdb import credential_kind

NAME = "TMDB_TOKEN"
EMPTY_TOKEN = f"{NAME} is set and empty: TMDB is simulated"


class TokenError(ValueError):
    """TMDB_TOKEN is not a credential; the message says what to do."""


def tmdb_token() -> str:
    """Return TMDB's credential from the environment; "" to simulate TMDB."""
    try:
        token = plain(os.fsencode(os.environ.get(NAME, "")))
        is_one = not token or credential_kind(token) is not None
    except ValueError:
        is_one = False
    if not is_one:
        raise TokenError(
            f"{NAME} is neither a v4 read token nor a v3 API key: copy it again "
            "from https://www.themoviedb.org/settings/api, or leave it out to simulate "
            "TMDB"
        )
    return token


def is_empty() -> bool:
    """Return whether the variable is set but empty, as an .env file may set it."""
    return NAME in os.environ and not tmdb_token()
