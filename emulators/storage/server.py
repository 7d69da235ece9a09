"""A Cloud Storage emulator: the part of the JSON API that stores and returns objects.

It serves HTTP on `.url`: uploads in one request (`uploadType=multipart` and `media`),
objects and their metadata, generations and the precondition `ifGenerationMatch`, and
errors as the service writes them. Any other request answers 501. `GET /BUCKET/OBJECT`
returns the object itself, so that a browser opens it.

https://cloud.google.com/storage/docs/json_api/v1/objects/insert
"""

import json
from collections.abc import Callable, Collection, Mapping
from email import message_from_bytes
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import override
from urllib.parse import parse_qs, unquote, urlsplit

from emulators.http_server import BackgroundServer
from emulators.listeners import LOOPBACK
from emulators.storage.objects import Json, Objects, RefusedError

_UPLOAD = "/upload/storage/v1/b/"
_OBJECTS = "/storage/v1/b/"
_ANY_TYPE = "application/octet-stream"


class StorageEmulator(BackgroundServer):
    """An emulator that runs from its construction until `stop`.

    Objects stay in the folder. url: replaces https://storage.googleapis.com.
    """

    def __init__(self, folder: Path, buckets: Collection[str], port: int = 0) -> None:
        server = _Server((LOOPBACK, port), _Handler)
        server.objects = Objects(folder, buckets)
        super().__init__(server)


class _Server(ThreadingHTTPServer):
    objects: Objects


type _Answer = tuple[Mapping[str, str], bytes]


class _Handler(BaseHTTPRequestHandler):
    """One request for each connection, so that none outlives the emulator."""

    server: _Server

    def do_GET(self) -> None:
        """Answer an object's metadata, or the object itself."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Store an object."""
        self._answer(self._insert)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the emulator is part of another program."""

    def _answer(self, work: Callable[[bytes], _Answer]) -> None:
        # Always read the body: otherwise it would be read as the next request.
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = HTTPStatus.OK
        try:
            headers, content = work(body)
        except RefusedError as error:
            status = error.status
            headers, content = _as_json(error.to_json())
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _get(self, _: bytes) -> _Answer:
        url = urlsplit(self.path)
        if url.path.startswith(_OBJECTS):
            bucket, name = _split(url.path.removeprefix(_OBJECTS), "/o/")
            if parse_qs(url.query).get("alt") != ["media"]:
                return _as_json(self.server.objects.metadata(bucket, name))
        else:
            bucket, name = _split(url.path.removeprefix("/"), "/")
        known, data = self.server.objects.read(bucket, name)
        headers = {"Content-Type": str(known.get("contentType", _ANY_TYPE))}
        if "cacheControl" in known:
            headers["Cache-Control"] = str(known["cacheControl"])
        return headers, data

    def _insert(self, body: bytes) -> _Answer:
        url = urlsplit(self.path)
        options = {name: values[0] for name, values in parse_qs(url.query).items()}
        kind = self.headers.get("Content-Type", _ANY_TYPE)
        bucket, rest = _split(url.path.removeprefix(_UPLOAD), "/o")
        if not url.path.startswith(_UPLOAD) or rest:
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, f"POST {url.path}")
        if options.get("uploadType") == "multipart":
            resource, data = _parts(kind, body)
        elif options.get("uploadType") == "media":
            resource, data = {"contentType": kind}, body
        else:
            raise RefusedError(HTTPStatus.NOT_IMPLEMENTED, f"POST {self.path}")
        if "name" in options:
            resource["name"] = options["name"]
        generation = options.get("ifGenerationMatch")
        return _as_json(self.server.objects.insert(bucket, resource, data, generation))


def _split(path: str, separator: str) -> tuple[str, str]:
    bucket, _, name = path.partition(separator)
    return unquote(bucket), unquote(name)


def _parts(kind: str, body: bytes) -> tuple[Json, bytes]:
    """Return the metadata and the data of a multipart/related body."""
    header = Message()
    header["Content-Type"] = kind
    parts = (b"\r\n" + body).split(f"\r\n--{header.get_boundary()}".encode())
    try:
        _, about, media, end = (part.partition(b"\r\n\r\n") for part in parts)
        resource: Json = json.loads(about[2])
    except ValueError as error:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "Expected metadata as JSON, then the data"
        ) from error
    if not end[0].startswith(b"--"):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body has no end")
    of_media = message_from_bytes(media[0].strip() + b"\r\n\r\n")
    resource.setdefault("contentType", of_media.get("Content-Type", _ANY_TYPE))
    return resource, media[2]


def _as_json(content: Json) -> _Answer:
    return {"Content-Type": "application/json"}, json.dumps(content).encode()
