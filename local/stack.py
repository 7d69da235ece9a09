"""The local stack: the whole pipeline on this machine, from the deployed archives.

Starts the emulators (BigQuery, Pub/Sub, Secret Manager, TMDB, Cloud Storage) and the
functions, each as a functions-framework process in the folder of its unpacked archive.
All of them end with the context, also after an error.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self

from google.pubsub_v1.types import PubsubMessage

from emulators import environment
from emulators.bigquery import BigQueryEmulator
from emulators.processes import Child
from emulators.pubsub import Backend
from emulators.secretmanager import SecretManagerEmulator
from emulators.storage import StorageEmulator
from emulators.tmdb import SIMULATED_TOKEN
from local import archives, simulator, tables
from local import topics as local_topics
from local.archives import DASHBOARD
from local.endpoints import Json, send_json
from local.function_processes import FunctionProcesses
from local.queue_server import queue_server
from local.wikipedia import Wikipedia
from shared.interfaces import Tables
from shared.messages import DEAD_LETTERS, INGEST_REQUESTS, IngestRequest

TOKEN_SECRET = f"projects/{tables.PROJECT}/secrets/tmdb-token"

BUCKET = "dashboard"
PAGE = "index.html"

ATTEMPTS = "MAX_DELIVERY_ATTEMPTS"
"""The setting that must be the same for the subscriptions and the functions."""

FAST_SETTINGS = {
    # It is no real server, and has no rate limit of its own by default. This is more
    # than two processors serve, so that no request waits for its turn.
    "TMDB_REQUESTS_PER_SECOND": "2000",
    "TMDB_RETRY_S": "10",
}


if TYPE_CHECKING:
    from google.cloud import bigquery


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a stack.

    settings: environment of the functions, over FAST_SETTINGS; emulators/environment.py
        says which variables of the user they get.
    simulator: command-line options of the TMDB simulator; None to use the real TMDB.
    token: TMDB's credential; the simulator's own when empty.
    time_scale: factor of Pub/Sub's back-off times.
    duplicate_rate: share of messages that Pub/Sub delivers twice.
    google_pubsub: use Google's own emulator, which lacks the two options above.
    dashboard: render the page after every published day; off as in a deployment.
    before_bigquery: opens something between a function and BigQuery: the function's
        name and BigQuery's URL in, the URL that the function is given out.
    wikipedia: read the simulated articles and page views; off as in a deployment.
    settings_of: more settings of single functions, by name.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    simulator: tuple[str, ...] | None = ()
    token: str = ""
    time_scale: float = 0.05
    duplicate_rate: float = 0.0
    google_pubsub: bool = False
    dashboard: bool = False
    wikipedia: bool = False
    before_bigquery: Callable[[str, str], AbstractContextManager[str]] | None = None
    settings_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


class Stack:
    """A running pipeline; a context manager."""

    def __init__(self, data: Path, options: Options | None = None) -> None:
        self._data = data
        self._options = options or Options()
        self._exit = ExitStack()
        self.client: bigquery.Client
        self.bigquery_url = ""
        self.storage: StorageEmulator | None = None
        self.simulator: Child | None = None
        self.wikipedia: Wikipedia | None = None
        self._functions = FunctionProcesses(
            data, self.logs, goes_outside=self._options.simulator is None
        )

    def __enter__(self) -> Self:
        with self._exit:
            self._start()
            # All are up: from now on __exit__ ends what was started.
            self._exit = self._exit.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._exit.close()

    def call(self, function: str, body: Mapping[str, object]) -> tuple[int, Json]:
        """Call a function as `gcloud functions call` does; return status and answer."""
        return send_json(self.functions[function].url, "POST", "/", body, 120.0)

    def tick(self, request: IngestRequest) -> None:
        """Publish a request as Cloud Scheduler does."""
        body = json.dumps(request.to_json()).encode()
        topic = local_topics.topic_path(INGEST_REQUESTS)
        self._publisher.publish(topic, body).result(30)

    def restart(self, function: str) -> None:
        """Restart a function on its port after it was killed, as Cloud Run does."""
        self._functions.restart(function)

    @property
    def tables(self) -> Tables:
        """Its tables, as a function reads them."""
        return tables.opened(self.client)

    @property
    def functions(self) -> Mapping[str, Child]:
        """The processes of the functions, by name."""
        return self._functions.running

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
        """The address of the dashboard's page; "" without a dashboard."""
        return f"{self.storage.url}/{BUCKET}/{PAGE}" if self.storage else ""

    @property
    def logs(self) -> Path:
        """The folder of the logs of all processes."""
        return self._data / "logs"

    def dead_letters(self, timeout_s: float = 10.0) -> list[PubsubMessage]:
        """Pull the messages so far; wait for the first one."""
        return local_topics.pull(self.pubsub_address, DEAD_LETTERS, timeout_s)

    def rotate_token(self, token: str) -> None:
        """Give the secret a new latest version."""
        self._secrets.set(TOKEN_SECRET, token)

    def set_today(self, day: date) -> None:
        """Set the day of the simulated TMDB."""
        self.steer_simulator({"today": day.isoformat()})

    def steer_simulator(self, state: Mapping[str, object]) -> Json:
        """Change the simulator's day, limits or faults; return its new state."""
        return simulator.steer(self.simulator, state)

    def simulator_stats(self) -> Json:
        """Return the simulator's counters."""
        return simulator.stats(self.simulator)

    def _start(self) -> None:
        options = self._options
        environment.spare_loopback()
        # All at once, for each needs only the others' addresses; then wait.
        data = self._data / "bigquery"
        emulator = BigQueryEmulator(data, project=tables.PROJECT, waits=False)
        self.bigquery_url = self._exit.enter_context(emulator).url
        if options.simulator is not None:
            starting = simulator.running(options.simulator, self.logs)
            self.simulator = self._exit.enter_context(starting)
        if options.wikipedia and self.simulator:
            self.wikipedia = Wikipedia(self.simulator)
            self._exit.callback(self.wikipedia.wikidata.stop)
        self._pubsub = self._exit.enter_context(
            queue_server(
                options.time_scale, options.duplicate_rate, google=options.google_pubsub
            )
        )
        publisher = local_topics.publisher(self._pubsub.address)
        self._publisher = self._exit.enter_context(publisher)
        token = options.token or SIMULATED_TOKEN
        self._secrets = SecretManagerEmulator({TOKEN_SECRET: token})
        secrets = self._exit.enter_context(self._secrets)
        if options.dashboard:
            self.storage = StorageEmulator(self._data / "storage", [BUCKET])
            self._exit.enter_context(self.storage)
        self._exit.enter_context(self._functions)
        for name in filter(self._has, archives.FUNCTIONS):
            url = self._bigquery_url(name, emulator.url)
            settings = self._environment(url, secrets.address)
            settings |= options.settings_of.get(name, {})
            self._functions.start(name, settings)
        self.client = tables.connect(emulator.url)
        self._exit.callback(self.client.close)
        emulator.wait_until_up()
        tables.create_tables(self.client)
        if self.simulator:
            self.simulator.wait_until_up()
        self._functions.wait_until_up()
        urls = {name: server.url for name, server in self.functions.items()}
        # The same number as in the settings of the functions.
        attempts = int(options.settings.get(ATTEMPTS, local_topics.MOST_ATTEMPTS))
        local_topics.create_queues(self._pubsub.address, urls, attempts)

    def _has(self, function: str) -> bool:
        return function != DASHBOARD or self._options.dashboard

    def _bigquery_url(self, function: str, url: str) -> str:
        opens = self._options.before_bigquery
        return self._exit.enter_context(opens(function, url)) if opens else url

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
        if self.wikipedia is not None:
            env |= self.wikipedia.settings
        env[ATTEMPTS] = str(local_topics.MOST_ATTEMPTS)
        return env | dict(self._options.settings)
