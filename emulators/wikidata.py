"""A Wikidata emulator: `wbgetentities` with the sitelinks of the English Wikipedia.

It serves HTTP on `.url`, which stands for https://www.wikidata.org/w/api.php. It
refuses what Wikimedia refuses: no contact in the User-Agent, more than 50 ids. Faults
are fields: so many of the next requests are throttled (429) or told to wait (`maxlag`).

https://www.wikidata.org/w/api.php?action=help&modules=wbgetentities
"""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import override
from urllib.parse import parse_qs, urlsplit

from emulators.http_server import BackgroundServer
from emulators.listeners import LOOPBACK

type Json = dict[str, object]
type _Answer = tuple[HTTPStatus, Json, Mapping[str, str]]

MOST_IDS = 50


class WikidataEmulator(BackgroundServer):
    """Running from the moment it exists until `stop`.

    articles: the titles, with spaces, by item id; called for each request. requests:
    the ids of each request answered. user_agents: what callers were. throttled, lagged:
    how many of the next requests meet that fault; is_down: all answer 503.
    retry_after_s: what those answers name. garbled: what all answer instead, as text.
    """

    def __init__(
        self, articles: Callable[[], Mapping[str, str]], port: int = 0
    ) -> None:
        self.articles = articles
        self.requests: list[list[str]] = []
        self.user_agents: set[str] = set()
        self.throttled = self.lagged = 0
        self.is_down = False
        self.garbled = ""
        self.retry_after_s = 1
        server = _Server((LOOPBACK, port), _Handler)
        server.emulator = self
        super().__init__(server)
        self.url += "/w/api.php"

    def answer(self, query: Mapping[str, str], user_agent: str) -> _Answer:
        """Return status, body and headers of one request."""
        self.user_agents.add(user_agent)
        waits = {"Retry-After": str(self.retry_after_s)}
        if self.is_down:
            return HTTPStatus.SERVICE_UNAVAILABLE, {}, waits
        if "(" not in user_agent:
            return HTTPStatus.FORBIDDEN, {}, {}
        if self.throttled:
            self.throttled -= 1
            return HTTPStatus.TOO_MANY_REQUESTS, {}, waits
        if self.lagged and "maxlag" in query:
            self.lagged -= 1
            return HTTPStatus.OK, _error("maxlag"), waits
        ids = query.get("ids", "").split("|")
        if len(ids) > MOST_IDS:
            return HTTPStatus.OK, _error("toomanyvalues"), {}
        self.requests.append(ids)
        titles = self.articles()
        entities = {one: _entity(one, titles.get(one)) for one in ids}
        return HTTPStatus.OK, {"entities": entities, "success": 1}, {}


class _Server(ThreadingHTTPServer):
    emulator: WikidataEmulator


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer wbgetentities."""
        query = parse_qs(urlsplit(self.path).query)
        parameters = {name: values[-1] for name, values in query.items()}
        agent = self.headers.get("User-Agent", "")
        status, body, headers = self.server.emulator.answer(parameters, agent)
        text = (self.server.emulator.garbled or json.dumps(body)).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the emulator is part of another program."""


def _error(code: str) -> Json:
    return {"error": {"code": code, "info": code}}


def _entity(item: str, title: str | None) -> Json:
    link: Json = {"site": "enwiki", "title": title, "badges": []}
    return {
        "type": "item",
        "id": item,
        "sitelinks": {"enwiki": link} if title else {},
    }
