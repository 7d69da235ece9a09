"""Store one object in Cloud Storage, as a whole or not at all.

The page has at most some megabytes, so one request of the JSON API is enough, without
Google's client library. Nothing is retried here: Pub/Sub redelivers the request for the
page.

https://cloud.google.com/storage/docs/uploading-objects#rest-upload-objects
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from secrets import token_hex
from typing import Any
from urllib.parse import quote

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import AuthorizedSession

from shared.errors import StorageRefusedError, StorageUnavailableError

URL = "https://storage.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
TIMEOUT_S = 60.0
"""To connect, and between bytes."""

NO_OBJECT = 0
"""The generation of an object that does not exist."""

_WAIT = "retried automatically"
_GRANT = (
    "retried automatically: a new grant takes effect within minutes; if it persists, "
    "let the function write to the bucket (roles/storage.objectUser, terraform apply)"
)
_BUCKET = "make the bucket (terraform apply)"
_BILLING = "enable billing for the project that owns the bucket"
_REQUEST = "the bucket refuses what the function sends; the code must change"


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer means: whether the same request may succeed later, and a hint."""

    is_transient: bool
    hint: str


BY_REASON: Mapping[tuple[int, str], Known] = {
    (403, "accountDisabled"): Known(is_transient=False, hint=_BILLING),
    (403, "UserProjectAccountProblem"): Known(is_transient=False, hint=_BILLING),
}
BY_STATUS: Mapping[int, Known] = {
    # Tokens of a new service account are rejected for some minutes.
    401: Known(is_transient=True, hint=_GRANT),
    403: Known(is_transient=True, hint=_GRANT),
    404: Known(is_transient=False, hint=_BUCKET),
    408: Known(is_transient=True, hint=_WAIT),
    409: Known(is_transient=True, hint=_WAIT),
    # Another rendering has written meanwhile; the next one begins after it.
    412: Known(is_transient=True, hint=_WAIT),
    429: Known(is_transient=True, hint=_WAIT),
}
"""HTTP status, with a reason where needed -> what it means.

https://cloud.google.com/storage/docs/json_api/v1/status-codes
"""
_CLIENT_ERRORS = range(400, 500)
_HTML = "text/html; charset=utf-8"


def classify(status: int, reason: str) -> Known:
    """Return what an error means."""
    if known := BY_REASON.get((status, reason)) or BY_STATUS.get(status):
        return known
    if status in _CLIENT_ERRORS:
        return Known(is_transient=False, hint=_REQUEST)
    return Known(is_transient=True, hint=_WAIT)


def _authorized() -> requests.Session:
    credentials, _ = google.auth.default(scopes=[SCOPE])
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


class Bucket:
    """One bucket; `emulator` is the URL of an emulator, without credentials."""

    def __init__(self, name: str, emulator: str | None = None) -> None:
        self._name = name
        self._url = emulator or URL
        self._session = requests.Session() if emulator else _authorized()

    def generation(self, name: str) -> int:
        """Return an object's generation, which every write changes; 0 without one."""
        answer = self._ask("GET", self._objects(quote(name, safe="")))
        # Also if the bucket is missing: the write then fails.
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return NO_OBJECT
        return int(self._checked(answer)["generation"])

    def replace(
        self, name: str, page: bytes, metadata: Mapping[str, str], *, generation: int
    ) -> None:
        """Write a page if the object still has this generation."""
        boundary = token_hex(16)
        resource = {
            "name": name,
            "contentType": _HTML,
            # Browsers ask whether it has changed, and no proxy keeps it.
            "cacheControl": "private, no-cache",
            "metadata": metadata,
        }
        body = b"".join(
            [
                f"--{boundary}\r\nContent-Type: application/json\r\n\r\n".encode(),
                json.dumps(resource).encode(),
                f"\r\n--{boundary}\r\n".encode(),
                f"Content-Type: {_HTML}\r\n\r\n".encode(),
                page,
                f"\r\n--{boundary}--\r\n".encode(),
            ]
        )
        answer = self._ask(
            "POST",
            f"/upload{self._objects()}",
            params={"uploadType": "multipart", "ifGenerationMatch": str(generation)},
            content_type=f"multipart/related; boundary={boundary}",
            data=body,
        )
        self._checked(answer)

    def _objects(self, name: str = "") -> str:
        path = f"/storage/v1/b/{quote(self._name, safe='')}/o"
        return f"{path}/{name}" if name else path

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        data: bytes | None = None,
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                self._url + path,
                params=params,
                headers={"Content-Type": content_type},
                data=data,
                timeout=TIMEOUT_S,
            )
        except (requests.RequestException, GoogleAuthError) as error:
            raise StorageUnavailableError(
                f"bucket {self._name} did not answer: {type(error).__name__}",
                field=self._name,
                hint=_WAIT,
            ) from error

    def _checked(self, answer: requests.Response) -> dict[str, Any]:
        """Return the JSON of a success; raise the error of anything else."""
        try:
            body = answer.json()
        except requests.JSONDecodeError:
            body = None  # a proxy's page: its status is enough
        if answer.status_code == HTTPStatus.OK and isinstance(body, dict):
            return body
        reason = _reason(body)
        known = classify(answer.status_code, reason)
        error = StorageUnavailableError if known.is_transient else StorageRefusedError
        raise error(
            f"bucket {self._name} answered {answer.status_code} {reason}".rstrip(),
            field=self._name,
            hint=known.hint,
        )


def _reason(body: object) -> str:
    """Return the reason of an error of the JSON API; "" where there is none."""
    match body:
        case {"error": {"errors": [{"reason": str(reason)}, *_]}}:
            return reason
        case _:
            return ""
