"""Secrets as editors, shells and .env files store them, decoded."""

import codecs
import os

import pytest

from cli.deployment.options import token
from emulators.secretmanager import SecretManagerEmulator
from local.credentials import TokenError, is_empty, tmdb_token
from shared import secretmanager
from shared.errors import CredentialsError
from shared.plain_text import plain

TOKEN = "eyJhbGciOiJub25lIn0.c2ltdWxhdGVk.b25seQ"  # noqa: S105 - nobody's
SECRET = "projects/p/secrets/s"  # noqa: S105 - a name, not a secret
SAVED = {
    "utf-8": TOKEN.encode(),
    "echo": f"{TOKEN}\n".encode(),
    "crlf": f"{TOKEN}\r\n".encode(),
    "blanks": f"  {TOKEN}\t \n".encode(),
    "bom": codecs.BOM_UTF8 + TOKEN.encode(),
    "utf-16 le": codecs.BOM_UTF16_LE + f"{TOKEN}\r\n".encode("utf-16-le"),
    "utf-16 be": codecs.BOM_UTF16_BE + TOKEN.encode("utf-16-be"),
    "utf-16 le, no mark": f"{TOKEN}\n".encode("utf-16-le"),
    "utf-16 be, no mark": TOKEN.encode("utf-16-be"),
    "utf-16 read by a shell": codecs.BOM_UTF16_LE + TOKEN.encode(),
    "quotes": f'"{TOKEN}"\n'.encode(),
    "single quotes and a mark": codecs.BOM_UTF8 + f"'{TOKEN}' ".encode(),
    "a zero byte": f"{TOKEN}\0".encode(),
}
NO_TEXT = {
    "latin-1": TOKEN.encode() + b"\xe9",
    "half of utf-16": codecs.BOM_UTF16_LE + b"a\0b",
    "a picture": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("how", sorted(SAVED.keys() - {"a zero byte"}))
def test_a_token_is_read_however_it_was_saved(how: str) -> None:
    assert plain(SAVED[how]) == TOKEN


@pytest.mark.parametrize("how", ["bom", "utf-16 le", "utf-16 be", "quotes", "crlf"])
def test_a_function_reads_the_secret_however_it_was_saved(how: str) -> None:
    with SecretManagerEmulator({SECRET: SAVED[how]}) as secrets:
        assert secretmanager.read(SECRET, secrets.address) == TOKEN


def test_a_secret_that_is_no_text_is_refused_with_a_hint() -> None:
    with (
        SecretManagerEmulator({SECRET: NO_TEXT["latin-1"]}) as secrets,
        pytest.raises(CredentialsError, match="is not text") as refused,
    ):
        secretmanager.read(SECRET, secrets.address)
    assert refused.value.field == "TMDB_TOKEN_SECRET"
    assert "gcloud secrets versions add" in refused.value.hint


@pytest.mark.parametrize("how", NO_TEXT)
def test_what_is_no_text_is_no_token(how: str) -> None:
    with pytest.raises(ValueError, match="decode"):
        plain(NO_TEXT[how])


def _set(value: bytes) -> None:
    os.environ.pop("TF_VAR_tmdb_token", None)
    os.environ["TMDB_TOKEN"] = os.fsdecode(value.replace(b"\0", b""))


@pytest.mark.parametrize("how", SAVED)
def test_the_environments_token_is_read_however_its_file_was_saved(how: str) -> None:
    _set(SAVED[how])
    assert token() == TOKEN
    assert tmdb_token() == TOKEN


@pytest.mark.parametrize("value", [b"", b" ", b'""', b"\r\n"])
def test_an_empty_token_is_none(value: bytes) -> None:
    _set(value)
    assert token() == ""
    assert tmdb_token() == ""
    assert is_empty()


@pytest.mark.parametrize("value", [b"Bearer abc", b"your-token-here", b"\xe9", b"a\nb"])
def test_the_local_stack_refuses_what_cannot_be_a_token(value: bytes) -> None:
    _set(value)
    with pytest.raises(TokenError, match=r"TMDB_TOKEN .*settings/api"):
        tmdb_token()
