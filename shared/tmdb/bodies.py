"""Bodies: the bytes of an answer in, JSON out, whatever the bytes are."""

import json
import zlib

GZIP_MAGIC = b"\x1f\x8b"
LARGEST_BODY_BYTES = 32 * 1024**2
"""Unpacked. TMDB's largest movies have some 100 kB."""


class UnreadableError(Exception):
    """A body that is no JSON, or not the JSON that was asked for."""


def read_json(body: bytes) -> object:
    """Parse a body; UnreadableError when it is no JSON.

    In May 2026 TMDB sent gzip without a Content-Encoding that says so, for a third of
    some users' requests: a body that begins as gzip does is unpacked.
    https://github.com/jellyfin/TMDbLib/issues/613
    """
    if body.startswith(GZIP_MAGIC):
        body = _unpacked(body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError("a body that is not JSON") from error


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # 16: with a gzip header
    try:
        unpacked = unpacker.decompress(body, LARGEST_BODY_BYTES)
    except zlib.error as error:
        raise UnreadableError("a body that is neither gzip nor JSON") from error
    if not unpacker.eof:
        raise UnreadableError("a gzip body that is cut off, or too large")
    return unpacked
