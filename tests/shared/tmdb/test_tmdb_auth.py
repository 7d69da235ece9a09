"""Credentials: their shape distinguishes the two kinds."""

import pytest

from emulators.tmdb import SIMULATED_API_KEY, SIMULATED_TOKEN
from shared.tmdb import CredentialKind, credential_kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (SIMULATED_API_KEY, CredentialKind.API_KEY),
        (SIMULATED_TOKEN, CredentialKind.READ_TOKEN),
        ("f" * 31, None),
        ("one.two", None),
        ("", None),
        (f"{SIMULATED_TOKEN}\n", None),
    ],
)
def test_a_credential_is_known_by_its_shape(
    text: str, kind: CredentialKind | None
) -> None:
    assert credential_kind(text) is kind
