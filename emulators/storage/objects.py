"""Objects in a folder, with their metadata, generations and preconditions."""

import json
import threading
import time
from collections.abc import Collection, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

type Json = dict[str, Any]

_METADATA = ".metadata"
_REASONS = {
    HTTPStatus.BAD_REQUEST: "invalid",
    HTTPStatus.NOT_FOUND: "notFound",
    HTTPStatus.PRECONDITION_FAILED: "conditionNotMet",
    HTTPStatus.NOT_IMPLEMENTED: "notImplemented",
}
"""https://cloud.google.com/storage/docs/json_api/v1/status-codes"""


class RefusedError(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status

    def to_json(self) -> Json:
        """Return the body of the answer, as the service writes it."""
        reason, message = _REASONS[self.status], str(self)
        errors = [{"domain": "global", "reason": reason, "message": message}]
        return {"error": {"code": self.status, "message": message, "errors": errors}}


class Objects:
    """The objects: a folder for each bucket, and another one for their metadata."""

    def __init__(self, folder: Path, buckets: Collection[str]) -> None:
        for bucket in buckets:
            (folder / bucket).mkdir(parents=True, exist_ok=True)
            (folder / _METADATA / bucket).mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()

    def metadata(self, bucket: str, name: str) -> Json:
        """Return the metadata of an object."""
        known = self._known(bucket, name)
        if known is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"No such object: {bucket}/{name}")
        return known

    def read(self, bucket: str, name: str) -> tuple[Json, bytes]:
        """Return the metadata and the content of an object."""
        with self._lock:
            known = self.metadata(bucket, name)
            return known, (self._folder / bucket / _file(name)).read_bytes()

    def insert(
        self,
        bucket: str,
        resource: Mapping[str, Any],
        data: bytes,
        generation: str | None,
    ) -> Json:
        """Store an object if its present generation is `generation` ("0": none yet)."""
        name = str(resource.get("name") or "")
        with self._lock:
            before = self._known(bucket, name)
            newest = str(before["generation"]) if before else "0"
            if generation not in (None, newest):
                raise RefusedError(
                    HTTPStatus.PRECONDITION_FAILED,
                    "At least one of the pre-conditions you specified did not hold.",
                )
            # Microseconds, as the service's; always later than the generation before.
            made = {
                **resource,
                "kind": "storage#object",
                "bucket": bucket,
                "generation": str(max(int(newest) + 1, time.time_ns() // 1_000)),
                "size": str(len(data)),
            }
            _write(self._folder / bucket / _file(name), data)
            about = self._folder / _METADATA / bucket / _file(name)
            _write(about, json.dumps(made).encode())
        return made

    def _known(self, bucket: str, name: str) -> Json | None:
        if not _is_name(bucket) or not (self._folder / _METADATA / bucket).is_dir():
            raise RefusedError(
                HTTPStatus.NOT_FOUND, "The specified bucket does not exist."
            )
        if not _is_name(name):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "Invalid object name")
        try:
            text = (self._folder / _METADATA / bucket / _file(name)).read_text()
        except FileNotFoundError:
            return None
        known: Json = json.loads(text)
        return known


def _is_name(name: str) -> bool:
    return name not in ("", ".", "..")


def _file(name: str) -> str:
    """Return the file name of an object, whose name may contain slashes."""
    return quote(name, safe="")


def _write(path: Path, data: bytes) -> None:
    """Replace a file atomically: a reader gets one version as a whole."""
    made = path.with_name(f".{path.name}")
    made.write_bytes(data)
    made.replace(path)
