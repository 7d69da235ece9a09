"""The TMDB client: movies, lists and exports.

How TMDB behaves: https://developer.themoviedb.org/docs and docs/surprises.md.
"""

from shared.tmdb.auth import CredentialKind, credential_kind
from shared.tmdb.client import Tmdb, connect
from shared.tmdb.exports import (
    ExportDamagedError,
    ExportMissingError,
    ExportNotYetError,
)
from shared.tmdb.pages import MOVIES_PER_PAGE, OVER_FETCH

__all__ = [
    "MOVIES_PER_PAGE",
    "OVER_FETCH",
    "CredentialKind",
    "ExportDamagedError",
    "ExportMissingError",
    "ExportNotYetError",
    "Tmdb",
    "connect",
    "credential_kind",
]
