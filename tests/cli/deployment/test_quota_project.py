"""Quota: whatever project a login names, calls are counted on the command's own.

Real credentials of Google's library, whose tokens and API are a server of this test.
"""

import json
import os
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import google.auth
import pytest

from cli.deployment import quota_project
from cli.environment import open_deployment
from cli.options import Selector


class _Google(BaseHTTPRequestHandler):
    counted: list[str | None]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})

    def do_GET(self) -> None:
        self.counted.append(self.headers["x-goog-user-project"])
        self._answer({})

    def _answer(self, body: dict[str, Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def google_url(tmp_path: Path) -> Iterator[str]:
    """Return the address of a fake Google; the login has another quota project."""
    _Google.counted = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Google)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    pool = "locations/global/workforcePools/pool/providers/provider"
    credentials = {
        "type": "external_account_authorized_user",
        "audience": f"//iam.googleapis.com/{pool}",
        "client_id": "client",
        "client_secret": "nobody",
        "quota_project_id": "other-project",
        "refresh_token": "again",
        "token_info_url": f"{url}/info",
        "token_url": f"{url}/token",
    }
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(credentials))
    os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = str(path)
    for name in (
        quota_project.VARIABLE,
        "BIGQUERY_EMULATOR_HOST",
        "PUBSUB_EMULATOR_HOST",
    ):
        os.environ.pop(name, None)
    yield url
    server.shutdown()
    server.server_close()


def test_a_commands_calls_are_counted_on_its_own_project(
    google_url: str, tmp_path: Path
) -> None:
    assert quota_project.named() == "other-project"
    selector = Selector(project="mine", dataset="films", prefix="", data=tmp_path)
    with open_deployment(selector) as deployment:
        connection: Any = deployment.client._connection
        connection.api_request("GET", "/x", api_base_url=google_url)
        credentials, _ = google.auth.default()
        assert credentials.quota_project_id == "mine"
    assert _Google.counted == ["mine"]
