"""Broken bodies of /movie/{id}, by the name of what is wrong with them."""

import gzip
import json
from collections.abc import Mapping

MALFORMED_KINDS = (
    "popularity_text",
    "id_missing",
    "not_an_object",
    "truncated_json",
    "html",
    "empty_object",
    "empty",
    "date_with_time",
    "odd_fields",
    "bare_gzip",
)
READABLE_KINDS = frozenset({"date_with_time", "odd_fields", "bare_gzip"})
"""Malformed bodies that still have every number that a metric needs."""


HTML = b"<html><body>Just a moment...</body></html>"
"""Bodies of a proxy or CDN between a client and TMDB."""

_JSON_TYPE = "application/json; charset=utf-8"
_ODD_FIELDS: Mapping[str, object] = {
    "budget": "63,000,000",
    "runtime": 95.5,
    "release_date": "TBA",
    "genres": ["Drama"],
    "belongs_to_collection": "",
    "origin_country": "US",
    "vote_count": "95",
}


def malform(details: Mapping[str, object], kind: str) -> tuple[bytes, str]:
    """Return a broken body of /movie/{id} and its content type."""
    broken = dict(details)
    if kind == "html":
        return HTML, "text/html"
    if kind == "empty":
        return b"", _JSON_TYPE
    if kind == "empty_object":
        return b"{}", _JSON_TYPE
    if kind == "popularity_text":
        broken["popularity"] = "abc"
    elif kind == "id_missing":
        del broken["id"]
    elif kind == "date_with_time":
        broken["release_date"] = f"{broken['release_date']} 14:00:15 UTC"
    elif kind == "odd_fields":
        broken |= _ODD_FIELDS
    text = json.dumps([broken] if kind == "not_an_object" else broken)
    if kind == "truncated_json":
        text = text[: len(text) // 2]
    body = text.encode()
    return gzip.compress(body) if kind == "bare_gzip" else body, _JSON_TYPE
