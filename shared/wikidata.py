"""Wikidata: ids of items in, titles of their English Wikipedia articles out.

One request at a time, for 50 items each, with the operator's contact in the User-Agent,
and `maxlag`: what Wikimedia publishes as the way to use its API.
https://www.mediawiki.org/wiki/API:Etiquette
https://foundation.wikimedia.org/wiki/Policy:Wikimedia_Foundation_User-Agent_Policy
https://www.wikidata.org/w/api.php?action=help&modules=wbgetentities
"""

import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import requests

from shared.config import Settings
from shared.errors import WikidataUnavailableError

IDS_PER_REQUEST = 50
"""What wbgetentities takes of somebody who is no bot."""
MAXLAG_S = 5
"""Replicas further behind than this answer nothing: error `maxlag`."""
TIMEOUT_S = (3.05, 20.0)
"""Connect, read."""
RETRY_S = 30.0
"""How long one request is retried."""
PAUSE_S = 5.0
"""Before a retry, where Wikidata names no Retry-After."""

_LATER = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
_ERRORS_LATER = {"maxlag", "ratelimited", "readonly"}
"""Codes of errors in a body, which mean: later."""


def connect(settings: Settings) -> "Wikidata | None":
    """Open Wikidata; None where the deployment has no contact to name."""
    if not settings.wikipedia_contact:
        return None
    return Wikidata(settings.wikidata_url, settings.wikipedia_contact)


class Wikidata:
    """Wikidata's API. contact: the operator's address or page; `sleep` is for tests."""

    def __init__(
        self, url: str, contact: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._url = url
        self._sleep = sleep
        self._session = requests.Session()
        self._session.headers["User-Agent"] = f"tmdb-traction/1.0 ({contact})"

    def titles(self, wikidata_ids: Sequence[str]) -> dict[str, str | None]:
        """Return each item's article on the English Wikipedia; None where it has none.

        At most IDS_PER_REQUEST ids. Titles have underscores, as page views have them.
        WikidataUnavailableError when Wikidata refuses, or does not answer in time.
        """
        entities = self._entities("|".join(wikidata_ids))
        return {one: _title(entities.get(one)) for one in wikidata_ids}

    def _entities(self, ids: str) -> Mapping[str, Any]:
        query = {
            "action": "wbgetentities",
            "format": "json",
            "ids": ids,
            "maxlag": str(MAXLAG_S),
            "props": "sitelinks",
            "sitefilter": "enwiki",
        }
        waited_s = 0.0
        while True:
            try:
                response = self._session.get(self._url, params=query, timeout=TIMEOUT_S)
            except (requests.RequestException, UnicodeError) as error:
                raise _unavailable(type(error).__name__) from None
            body = _body(response)
            entities = body.get("entities")
            if response.ok and isinstance(entities, dict):
                return entities
            code = _error_code(body)
            why = f"HTTP {response.status_code} {code}".strip()
            if response.status_code not in _LATER and code not in _ERRORS_LATER:
                raise _unavailable(why)
            pause_s = _pause_s(response)
            waited_s += pause_s
            if waited_s > RETRY_S:
                raise _unavailable(why)
            self._sleep(pause_s)


def _unavailable(why: str) -> WikidataUnavailableError:
    return WikidataUnavailableError(
        f"Wikidata: {why}",
        field="wikipedia",
        hint="the next daily run asks again; where it persists, see docs/runbook.md",
    )


def _body(response: requests.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; {} where it is none."""
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _error_code(body: Mapping[str, Any]) -> str:
    """Return the code of MediaWiki's error; "" where there is none."""
    error = body.get("error")
    return str(error.get("code", "")) if isinstance(error, dict) else ""


def _pause_s(response: requests.Response) -> float:
    """Return how long Wikidata wants to be left alone, in seconds."""
    text = response.headers.get("Retry-After", "")
    return max(float(text), 1.0) if text.isdecimal() else PAUSE_S


def _title(entity: object) -> str | None:
    """Return the title of an item's article; None for none, or for a deleted item."""
    sitelinks = entity.get("sitelinks") if isinstance(entity, dict) else None
    link = sitelinks.get("enwiki") if isinstance(sitelinks, dict) else None
    title = link.get("title") if isinstance(link, dict) else None
    return title.replace(" ", "_") if isinstance(title, str) and title else None
