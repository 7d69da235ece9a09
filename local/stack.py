"""The local stack: the whole pipeline on this machine, from the deployed archives.

Starts the emulators (BigQuery, Pub/Sub, Secret Manager, TMDB, Cloud Storage) and the
functions as functions-framework processes, each in the folder its archive unpacks to;
ends all of them on leaving, whatever happened.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from google.pubsub_v1.types import PubsubMessage

from emulators import environment
from emulators.bigquery import BigQueryEmulator
from emulators.processes import Child, child, free_port
from emulators.pubsub import Backend, PubSubEmulator, start_google_emulator
from emulators.secretmanager import SecretManagerEmulator
from emulators.storage import StorageEmulator
from emulators.tmdb import SIMULATED_TOKEN
from local import archives, tables
from local import topics as local_topics
from local.archives import DASHBOARD
from shared.messages import DEAD_LETTERS, INGEST_REQUESTS, IngestRequest

TOKEN_SECRET = f"projects/{tables.PROJECT}/secrets/tmdb-token"

BUCKET = "dashboard"
PAGE = "index.html"

CONCURRENCY = {
    "ingest_changes": 4,
    "fetch_details": 8,
    "compute_metrics": 1,
    DASHBOARD: 1,
}
"""Requests that one instance works on at once, as the deployment's should."""

ATTEMPTS = "MAX_DELIVERY_ATTEMPTS"
"""The setting that the queues and the functions must agree on."""

FAST_SETTINGS = {
    # The simulator's own limit is lifted with it: no real server is spared here.
    "TMDB_REQUESTS_PER_SECOND": "500",
    "TMDB_RETRY_S": "10",
}


if TYPE_CHECKING:
    from google.cloud import bigquery
# Several times what an instance takes on a busy machine. Cloud Run holds a request for
# so long too: 10 s, or 3.5 times the usual start where that is more.
_INSTANCE_STARTS_WITHIN_S = 30.0

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Options:
    """What a stack is started with.

    settings: environment of the functions, over FAST_SETTINGS; of the user's own they
        get what emulators/environment.py keeps.
    simulator: command-line options of the TMDB simulator; None to use the real TMDB.
    token: TMDB's credential; the simulator's own when empty.
    time_scale: what Pub/Sub's back-off waits are multiplied by.
    duplicate_rate: share of messages that Pub/Sub delivers twice.
    google_pubsub: use Google's own emulator; the two options above are not its.
    dashboard: render the page after every published day; off as in a deployment.
    before_bigquery: opens something between a function and BigQuery: the function's
        name and BigQuery's URL in, the URL that the function is given out.
    settings_of: what one function's settings differ in, by its name.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    simulator: tuple[str, ...] | None = ()
    token: str = ""
    time_scale: float = 0.05
    duplicate_rate: float = 0.0
    google_pubsub: bool = False
    dashboard: bool = False
    before_bigquery: Callable[[str, str], AbstractContextManager[str]] | None = None
    settings_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class StackError(Exception):
    """The stack cannot do what the caller requested; the text says what."""


class Stack:
    """A running pipeline; a context manager."""

    def __init__(self, data: Path, options: Options | None = None) -> None:
        self._data = data
        self._options = options or Options()
        self._exit = ExitStack()
        self.client: bigquery.Client
        self.bigquery_url = ""
        self.storage: StorageEmulator | None = None
        self.functions: dict[str, Child] = {}
        self.simulator: Child | None = None
        self._starts: dict[str, int] = {}
        self._environments: dict[str, dict[str, str]] = {}

    def __enter__(self) -> Self:
        with self._exit:
            self._start()
            # All up: from here on leaving the stack ends what was started.
            self._exit = self._exit.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # All at once: gunicorn takes a second to notice.
        for server in self.functions.values():
            server.ask_to_end()
        self._exit.close()

    def call(self, function: str, body: Mapping[str, object]) -> tuple[int, Json]:
        """Call a function as `gcloud functions call` does; status and JSON answer."""
        url = urlsplit(self.functions[function].url)
        connection = HTTPConnection(url.hostname or "", url.port, timeout=120)
        try:
            text = json.dumps(body)
            connection.request("POST", "/", text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def tick(self, request: IngestRequest) -> None:
        """Publish what Cloud Scheduler would."""
        with local_topics.publisher(self._pubsub.address) as topics:
            body = json.dumps(request.to_json()).encode()
            topics.publish(local_topics.topic_path(INGEST_REQUESTS), body).result(30)

    def restart(self, function: str) -> None:
        """Restart a function on its port after it was killed, as Cloud Run does."""
        server = self._start_function(function, self.functions[function].port)
        self.functions[function] = server
        server.wait_until_up()

    @property
    def pubsub(self) -> Backend:
        """The Pub/Sub in use."""
        return self._pubsub

    @property
    def pubsub_address(self) -> str:
        """host:port of the Pub/Sub in use."""
        return self._pubsub.address

    @property
    def page_url(self) -> str:
        """Where a browser finds the dashboard's page; "" without a dashboard."""
        return f"{self.storage.url}/{BUCKET}/{PAGE}" if self.storage else ""

    @property
    def logs(self) -> Path:
        """Folder with everything that every process wrote."""
        return self._data / "logs"

    def dead_letters(self, timeout_s: float = 10.0) -> list[PubsubMessage]:
        """Take the messages parked so far; waits for the first one."""
        return local_topics.pull(self.pubsub_address, DEAD_LETTERS, timeout_s)

    def rotate_token(self, token: str) -> None:
        """Give the secret a new latest version."""
        self._secrets.set(TOKEN_SECRET, token)

    def set_today(self, day: date) -> None:
        """Move the simulated TMDB to a day."""
        self.steer_simulator({"today": day.isoformat()})

    def steer_simulator(self, state: Mapping[str, object]) -> Json:
        """Change the simulator's day, limits or faults; its new state."""
        return self._simulator_json("POST", "/_sim/state", state)

    def simulator_stats(self) -> Json:
        """Return what the simulator has counted."""
        return self._simulator_json("GET", "/_sim/stats", None)

    def _simulator_json(self, method: str, path: str, body: object) -> Json:
        if self.simulator is None:
            raise StackError("this stack uses the real TMDB: nothing to steer")
        connection = HTTPConnection("127.0.0.1", self.simulator.port, timeout=30)
        try:
            connection.request(method, path, json.dumps(body) if body else None)
            response = connection.getresponse()
            answer: Json = json.loads(response.read())
        finally:
            connection.close()
        if response.status != HTTPStatus.OK:
            raise StackError(f"the simulator refused {path}: {answer}")
        return answer

    def _start(self) -> None:
        options = self._options
        environment.spare_loopback()
        emulator = BigQueryEmulator(self._data / "bigquery", project=tables.PROJECT)
        # The slow starters first, all at once; then wait for each.
        names = [name for name in archives.FUNCTIONS if self._has(name)]
        endpoints = {name: free_port() for name in names}
        if options.simulator is not None:
            self.simulator = self._start_simulator(options.simulator)
        bigquery_url = self.bigquery_url = self._exit.enter_context(emulator).url
        self._pubsub = self._exit.enter_context(self._queue_server())
        token = options.token or SIMULATED_TOKEN
        self._secrets = SecretManagerEmulator({TOKEN_SECRET: token})
        secrets = self._exit.enter_context(self._secrets)
        if options.dashboard:
            self.storage = StorageEmulator(self._data / "storage", [BUCKET])
            self._exit.enter_context(self.storage)
        for name, port in endpoints.items():
            url = self._bigquery_url(name, bigquery_url)
            environment_ = self._environment(url, secrets.address)
            own = options.settings_of.get(name, {})
            self._environments[name] = environment_ | dict(own)
            self.functions[name] = self._start_function(name, port)
        self.client = tables.connect(bigquery_url)
        self._exit.callback(self.client.close)
        tables.create_tables(self.client)
        for server in self.functions.values():
            server.wait_until_up()
        urls = {name: server.url for name, server in self.functions.items()}
        # As many as in the settings of the functions, which are all the same.
        attempts = int(options.settings.get(ATTEMPTS, local_topics.MOST_ATTEMPTS))
        local_topics.create_queues(self._pubsub.address, urls, attempts)

    def _has(self, function: str) -> bool:
        return function != DASHBOARD or self._options.dashboard

    def _queue_server(self) -> Backend:
        if self._options.google_pubsub:
            return start_google_emulator(free_port())
        by_subscription = {
            local_topics.subscription_path(topic): CONCURRENCY[function]
            for topic, function in local_topics.SUBSCRIBERS.items()
        }
        return PubSubEmulator(
            push_concurrency=by_subscription,
            time_scale=self._options.time_scale,
            hold_s=_INSTANCE_STARTS_WITHIN_S,
            duplicate_rate=self._options.duplicate_rate,
        )

    def _bigquery_url(self, function: str, url: str) -> str:
        opens = self._options.before_bigquery
        return self._exit.enter_context(opens(function, url)) if opens else url

    def _start_simulator(self, options: tuple[str, ...]) -> Child:
        port = free_port()
        command = [sys.executable, "-m", "emulators.tmdb", f"--port={port}"]
        command += options
        simulator = self._exit.enter_context(
            child(
                "tmdb_simulator",
                command,
                port,
                self.logs,
                env=environment.of_child(),
                cwd=archives.ROOT,
            )
        )
        simulator.wait_until_up()
        return simulator

    def _start_function(self, name: str, port: int) -> Child:
        count = self._starts[name] = self._starts.get(name, 0) + 1
        folder = self._data / "functions" / name
        if count == 1:
            archives.stage(name, folder.parent)
        command = [
            str(Path(sys.executable).with_name("functions-framework")),
            f"--target={name}",
            "--host=127.0.0.1",
            f"--port={port}",
        ]
        own = {
            "K_SERVICE": name,
            "THREADS": str(CONCURRENCY[name]),
            "XDG_RUNTIME_DIR": self._runtime_folder(),
        }
        env = environment.of_child(
            self._environments[name] | own, goes_outside=self.simulator is None
        )
        # A log of its own for each instance: none overwrites another's.
        log = name if count == 1 else f"{name}.{count}"
        started = child(log, command, port, self.logs, env=env, cwd=folder)
        return self._exit.enter_context(started)

    def _runtime_folder(self) -> str:
        """Return a folder for gunicorn's control socket; its path must be short.

        Otherwise all instances would share one in the user's home.
        """
        made = tempfile.TemporaryDirectory(prefix="tmdb-", ignore_cleanup_errors=True)
        return self._exit.enter_context(made)

    def _environment(self, bigquery_url: str, secrets: str) -> dict[str, str]:
        env = {
            "GOOGLE_CLOUD_PROJECT": tables.PROJECT,
            "TMDB_TOKEN_SECRET": TOKEN_SECRET,
            "BIGQUERY_EMULATOR_HOST": bigquery_url,
            "PUBSUB_EMULATOR_HOST": self._pubsub.address,
            "SECRET_MANAGER_EMULATOR_HOST": secrets,
        }
        if self.storage is not None:
            env["STORAGE_EMULATOR_HOST"] = self.storage.url
            env["DASHBOARD_BUCKET"] = BUCKET
        if self.simulator is not None:
            env |= FAST_SETTINGS
            env["TMDB_BASE_URL"] = f"{self.simulator.url}/3"
            env["TMDB_EXPORTS_URL"] = f"{self.simulator.url}/p/exports"
        env[ATTEMPTS] = str(local_topics.MOST_ATTEMPTS)
        return env | dict(self._options.settings)
