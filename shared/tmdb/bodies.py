"""Parse the body of an answer as JSON, whatever bytes it has."""

import json
import zlib

GZIP_MAGIC = b"\x1f\x8b"
LARGEST_BODY_BYTES = 32 * 1024**2
"""Maximum size after decompression. TMDB's largest movies have about 100 kB."""


class UnreadableError(Exception):
    """A body that is not JSON, or not the expected JSON."""


def read_json(body: bytes) -> object:
    """Parse a body; UnreadableError if it is not JSON.

    In May 2026 TMDB answered a third of some users' requests with gzip but without a
    Content-Encoding header: a body that begins like gzip is decompressed.
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
