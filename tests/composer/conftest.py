"""Airflow on the local stack, in its own virtual environment."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

ROOT = Path(__file__).parents[2]
UP_S, RUN_S = 120, 300
AIRFLOW = Path(sys.executable).with_name("airflow")
TODAY = "2026-06-01"
PROJECT = "local"


@dataclass(frozen=True)
class Ended:
    """The result of a DAG run."""

    state: str
    tasks: dict[str, str]
    log: str


@dataclass
class Airflow:
    """An Airflow with our DAGs, and the stack that they use."""

    home: Path
    data: Path
    endpoints: dict[str, Any]
    driver: subprocess.Popen[str] | None = None
    requests: int = 0

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `airflow`."""
        return subprocess.run(  # noqa: S603 - Airflow's own command
            [AIRFLOW, *words],
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_S,
            check=False,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables of this Airflow's processes."""
        anonymous = {"extra": {"is_anonymous": True, "project": "demo"}}
        connection = {"conn_type": "google_cloud_platform", **anonymous}
        return os.environ | {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            # The import of Google's clients may take that long on a busy machine.
            "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "300",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT": json.dumps(connection),
            "BIGQUERY_EMULATOR_HOST": self.endpoints["bigquery"],
            "PUBSUB_EMULATOR_HOST": self.endpoints["pubsub"],
        }

    def loaded(self) -> dict[str, Any]:
        """Return the DAGs that Airflow found."""
        return self._answer(None)[0]

    def run(self, dag: str, *, is_scheduled: bool = True, **conf: Any) -> Ended:
        """Run a DAG of TODAY to its end by `dag.test()`, triggers included.

        Who starts one in the UI gives it no logical date.
        """
        moment = datetime.fromisoformat(f"{TODAY}T00:00:00+00:00")
        moment += timedelta(minutes=self.requests)
        answer, log = self._answer(
            {
                "dag": f"tmdb_traction_{dag}",
                "conf": conf,
                "run_after": moment.isoformat(),
                "is_scheduled": is_scheduled,
            }
        )
        return Ended(answer["state"], answer["tasks"], log)

    def _answer(self, run: dict[str, Any] | None) -> tuple[dict[str, Any], str]:
        """Return the driver's answer to a request, and its output."""
        log = self.home / "driver.log"
        if self.driver is None:
            with log.open("w") as out:
                self.driver = subprocess.Popen(  # noqa: S603 - our own code
                    [sys.executable, Path(__file__).with_name("driver.py")],
                    env=self.environment(),
                    stdin=subprocess.PIPE,
                    stdout=out,
                    stderr=out,
                    text=True,
                )
        self.requests += 1
        into = self.home / f"answer{self.requests}.json"
        request = {"dags": str(self.home / "dags"), "into": str(into), "run": run}
        began = log.stat().st_size
        assert self.driver.stdin is not None
        print(json.dumps(request), file=self.driver.stdin, flush=True)
        wait_until(into.exists, RUN_S, self.driver, log)
        return json.loads(into.read_text()), log.read_bytes()[began:].decode()

    def settings(self, **changes: Any) -> None:
        """Write the DAG's settings, as Terraform would."""
        settings = {
            "daily_schedule": "0 9 * * *",
            "dashboard_url": "https://console.cloud.google.com/monitoring",
            "dataset": "tmdb_analytics",
            "dataset_location": "US",
            "poll_s": 2,
            "project_id": PROJECT,
            "runbook_url": "https://git.example.com/docs/runbook.md",
            "topic": "ingest-requests",
            "wait_timeout_s": 240,
            "weekly_schedule": "0 3 * * 1",
        }
        path = self.home / "dags/tmdb_traction.json"
        path.write_text(json.dumps(settings | changes))

    def steer(self, **state: Any) -> None:
        """Change the simulated TMDB: its day, its faults."""
        request = Request(  # noqa: S310 - our own simulator
            f"{self.endpoints['simulator']}/_sim/state", json.dumps(state).encode()
        )
        urlopen(request, timeout=30).close()  # noqa: S310

    def cli(self, *words: str) -> None:
        """Run the project's own command line on the stack."""
        pipeline_python("-m", "cli", *words, f"--data={self.data}")

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Query the local BigQuery."""
        with bigquery.Client(
            PROJECT,
            AnonymousCredentials(),  # type: ignore[no-untyped-call]
            client_options=ClientOptions(api_endpoint=self.endpoints["bigquery"]),
        ) as client:
            return [dict(row) for row in client.query_and_wait(sql)]


def wait_until(
    is_so: Callable[[], bool],
    seconds: float,
    process: subprocess.Popen[str],
    log: Path,
) -> None:
    """Wait for an effect of a process; fail with its log."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert process.poll() is None, log.read_text()[-20_000:]
        assert time.monotonic() < deadline, log.read_text()[-20_000:]
        time.sleep(0.2)


def _line() -> list[str]:
    return [str(ROOT / "tools/uv"), "run", "--locked", "--quiet", "python"]


def _env() -> dict[str, str]:
    return {name: v for name, v in os.environ.items() if name != "VIRTUAL_ENV"}


def pipeline_python(*words: str) -> None:
    """Run Python in the pipeline's own virtual environment."""
    subprocess.run(  # noqa: S603 - our own code
        [*_line(), *words], cwd=ROOT, env=_env(), check=True, timeout=120
    )


@pytest.fixture(scope="session")
def _airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    home = tmp_path_factory.mktemp("airflow")
    data = tmp_path_factory.mktemp("stack")
    shutil.copytree(ROOT / "composer/dags", home / "dags")
    words = ["-m", "local.serve", "--movies=60", "--history=10"]
    words += [f"--today={TODAY}", f"--data={data}"]
    log = data / "serve.log"
    with log.open("w") as out:
        stack = subprocess.Popen(  # noqa: S603 - our own code
            [*_line(), *words], cwd=ROOT, env=_env(), stdout=out, stderr=out, text=True
        )
    try:
        stack_file = data / "stack.json"
        wait_until(stack_file.exists, UP_S, stack, log)
        airflow = Airflow(home, data, json.loads(stack_file.read_text()))
        airflow.settings()
        done = airflow.command("db", "migrate")
        assert done.returncode == 0, done.stdout
        loaded = airflow.run("by_hand", mode="initial", run_date=TODAY, limit=60)
        assert loaded.state == "success", loaded.log
        assert f"initial-{TODAY}: PUBLISHED" in loaded.log
        yield airflow
        if airflow.driver:
            airflow.driver.kill()
            airflow.driver.wait()
    finally:
        stack.send_signal(signal.SIGTERM)
        stack.wait(60)


@pytest.fixture
def airflow(_airflow: Airflow) -> Iterator[Airflow]:
    """Return an Airflow and a running stack that tracks 60 movies.

    What a test changes about TMDB and the settings is undone, also after a failure.
    """
    yield _airflow
    _airflow.settings()
    _airflow.steer(faults={})
