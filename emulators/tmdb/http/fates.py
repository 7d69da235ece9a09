"""Choose the fault of each request, and apply it to the reply.

The choice depends on the seed, the request and how often it was sent, and not on the
order of threads, so that a run repeats exactly.
"""

import gzip
from dataclasses import dataclass, replace
from random import Random

from emulators.tmdb.http import replies
from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.replies import Reply


@dataclass(frozen=True, slots=True)
class Fate:
    """The fault of one request: `kind` is "" (none) or the name of a share."""

    kind: str = ""
    delay_s: float = 0.0


def fate(faults: Faults, seed: int, request: str, attempt: int) -> Fate:
    """Return the fault of the `attempt`-th time that this request is made."""
    if not faults.by_chance:
        return Fate()
    draw = Random(f"{seed}:{request}:{attempt}")
    chance, slow = draw.random(), draw.random() < faults.slow_share
    shares = {
        "503": faults.fail_503_share,
        "500": faults.fail_500_share,
        "reset": faults.reset_share,
        "truncated": faults.truncated_share,
        "forbidden": faults.forbidden_share,
        "unauthorized": faults.unauthorized_share,
        "odd_status": faults.odd_status_share,
        "html": faults.html_share,
        "empty_object": faults.empty_object_share,
        "empty": faults.empty_share,
        "bare_gzip": faults.bare_gzip_share,
    }
    delay_s = faults.slow_s if slow else 0.0
    for kind, share in shares.items():
        if chance < share:
            return Fate(kind, delay_s)
        chance -= share
    return Fate("", delay_s)


def chance(seed: int, key: str) -> float:
    """Return a number from 0 to 1 that depends on the seed and the key only."""
    return Random(f"{seed}:{key}").random()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The reply to a request; `breaks`: "", "reset" or "truncated"."""

    reply: Reply
    delay_s: float = 0.0
    breaks: str = ""


def befallen(reply: Reply, fate_: Fate, faults: Faults) -> Outcome:
    """Return the outcome of a reply with its fault."""
    match fate_.kind:
        case "503":
            reply = replies.unavailable()
        case "500":
            reply = replies.failed(11)
        case "forbidden":
            reply = replies.page(403)
        case "unauthorized":
            reply = replies.failed(7)
        case "odd_status":
            reply = replies.page(faults.odd_status)
        case "html" | "empty_object" | "empty" | "bare_gzip" if _is_json(reply):
            reply = _replaced(reply, fate_.kind)
    breaks = fate_.kind if fate_.kind in {"reset", "truncated"} else ""
    return Outcome(reply, fate_.delay_s, breaks)


def _is_json(reply: Reply) -> bool:
    """Return whether a reply is the API's: the file server has other faults."""
    return reply.content_type == replies.JSON_TYPE


def _replaced(reply: Reply, kind: str) -> Reply:
    """Return the reply with another body, which its headers do not describe."""
    if kind == "html":
        return replies.page(200)
    bodies = {"empty_object": b"{}", "empty": b""}
    return replace(reply, body=bodies.get(kind, gzip.compress(reply.body, mtime=0)))
