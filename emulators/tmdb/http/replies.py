"""TMDB's responses as bytes: bodies, status codes and headers as recorded."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from zlib import crc32

from emulators.tmdb.http.malformed import HTML

JSON_TYPE = "application/json; charset=utf-8"
_SIX_HOURS_S = 21_600

# code: (HTTP status, message), from https://developer.themoviedb.org/docs/errors
_ERRORS = {
    6: (404, "Invalid id: The pre-requisite id is invalid or not found."),
    7: (401, "Invalid API key: You must be granted a valid key."),
    11: (500, "Internal error: Something went wrong, contact TMDb."),
    20: (422, "Invalid date range: Should be a range no longer than 14 days."),
    22: (
        400,
        (
            "Invalid page: Pages start at 1 and max at 500. "
            "They are expected to be an integer."
        ),
    ),
    23: (400, "Invalid date: Format needs to be YYYY-MM-DD."),
    25: (429, "Your request count ({}) is over the allowed limit of ({})."),
    27: (
        400,
        (
            "Too many append to response objects: "
            "The maximum number of remote calls is 20."
        ),
    ),
    34: (404, "The resource you requested could not be found."),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response. `body_sent` False: of a HEAD request, without the body."""

    status: int
    body: bytes = b""
    content_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    body_sent: bool = True

    def to_bytes(self, *, keep_alive: bool) -> bytes:
        """Return head and body together: two writes would take 40 ms each."""
        lines = [
            f"HTTP/1.1 {self.status} {_REASONS.get(self.status, 'Unknown')}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            "Server: openresty",
            f"Connection: {'keep-alive' if keep_alive else 'close'}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head + self.body if self.body_sent else head

    def dated(self, moment: datetime, age_s: int = 0) -> "Reply":
        """Return the reply as sent at a moment; from a cache if it has an age."""
        date = format_datetime(moment - timedelta(seconds=age_s), usegmt=True)
        aged = {"Age": str(age_s), "X-Cache": "Hit from cloudfront"} if age_s else {}
        return replace(self, headers={**self.headers, "Date": date, **aged})

    def compressed(self) -> "Reply":
        """Return the reply with a gzip body."""
        headers = {**self.headers, "Content-Encoding": "gzip"}
        body = gzip.compress(self.body, mtime=0)
        return replace(self, body=body, headers=headers)


_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


def to_json_bytes(value: object) -> bytes:
    """Return compact JSON as TMDB writes it: not escaped to ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def found(value: object, max_age_s: int | None = None) -> Reply:
    """Return a 200; without `max_age_s`, it is cached for six to eight hours."""
    body = to_json_bytes(value)
    # Recorded values are 6 to 8 h; the body's checksum chooses one.
    life_s = _SIX_HOURS_S + crc32(body) % 7200 if max_age_s is None else max_age_s
    headers = {
        "Cache-Control": f"public, max-age={life_s}",
        "ETag": f'W/"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        "Vary": "Origin",
    }
    return Reply(200, body, headers=headers)


def failed(code: int, *values: object) -> Reply:
    """Return TMDB's error of this code; errors have no ETag and are not cached."""
    status, message = _ERRORS[code]
    body = {
        "success": False,
        "status_code": code,
        "status_message": message.format(*values),
    }
    if code == 7:  # noqa: PLR2004 - TMDB lists these fields in another order
        body["success"] = body.pop("success")
    return Reply(status, to_json_bytes(body), headers={"Vary": "Origin"})


def over_limit(limit: float, retry_after_s: int | None) -> Reply:
    """Return a 429; TMDB's own often comes without Retry-After."""
    allowed = round(limit) or 40
    reply = failed(25, allowed + 1, allowed)
    if retry_after_s is None:
        return reply
    return replace(reply, headers={**reply.headers, "Retry-After": str(retry_after_s)})


def page(status: int) -> Reply:
    """Return a status with an HTML page of a CDN instead of TMDB's error."""
    return Reply(status, HTML, "text/html", {"Cache-Control": "no-cache"})


def forbidden_file() -> Reply:
    """Return the error of a bucket that denies listing."""
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    )
    return Reply(403, body, "application/xml")


def unavailable() -> Reply:
    """Return the 503 of an overloaded back end: HTML, as recorded."""
    body = (
        b"<html><body><h1>503 Service Unavailable</h1>\n"
        b"Back-end server is at capacity\n</body></html>\n"
    )
    return Reply(503, body, "text/html", {"Cache-Control": "no-cache"})


def no_such_file() -> Reply:
    """Return the file server's answer if there is no export."""
    body = (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b"<Error><Code>NoSuchKey</Code>"
        b"<Message>The specified key does not exist.</Message></Error>"
    )
    return Reply(404, body, "application/xml")


def export_file(content: bytes) -> Reply:
    """Return an export: the gzip is the file, not a content encoding."""
    tag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    headers = {"ETag": f'"{tag}"', "Accept-Ranges": "bytes"}
    return Reply(200, content, "application/gzip", headers)
