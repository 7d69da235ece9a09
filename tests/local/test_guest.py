"""The local stack on a user's machine: their variables, proxy, paths and signals.

All tests share a stack, started by `python -m local.serve` in the worst environment
that we know; the last tests kill it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from cli.errors import Exit
from local.endpoints import Endpoints
from tests.machine import processes_of

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).parents[2]
MOVIES = 20
UP_S, ENDED_S = 60.0, 20.0
INITIAL, HISTORY = "initial-2026-06-01", "history-2026-06-01"

type Ask = Callable[..., "subprocess.CompletedProcess[str]"]


class Proxy:
    """A proxy that accepts and counts connections, and never answers."""

    def __init__(self) -> None:
        self.requests = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._held: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                taken, _ = self._listener.accept()
                self._held.append(taken)
                self.requests += 1

    def close(self) -> None:
        """Close all connections."""
        for one in (self._listener, *self._held):
            one.close()


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    listening = Proxy()
    yield listening
    listening.close()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def theirs(
    tmp_path_factory: pytest.TempPathFactory, proxy: Proxy, home: Path
) -> Mapping[str, str]:
    """Return the environment of a user with other programs on this machine."""
    folder = tmp_path_factory.mktemp("theirs")
    for package in ("shared", "functions", "sitecustomize"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("")
    (folder / "main.py").write_text("raise SystemExit('theirs')")
    proxies = ("http", "https", "all", "grpc")
    return {
        "PATH": os.environ["PATH"],
        **{f"{name}_proxy": proxy.url for name in proxies},
        **{f"{name.upper()}_PROXY": proxy.url for name in proxies},
        "NO_PROXY": "intra.example",
        "BIGQUERY_DATASET": "elsewhere",
        "BIGQUERY_EMULATOR_HOST": "http://127.0.0.1:9",
        "COLUMNS": "60",
        "DEBUG": "release",
        "FLASK_APP": "theirs",
        "FLASK_DEBUG": "1",
        "FUNCTION_SIGNATURE_TYPE": "event",
        "FUNCTION_SOURCE": str(folder / "main.py"),
        "FUNCTION_TARGET": "theirs",
        "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere.json",
        "GOOGLE_CLOUD_PROJECT": "theirs",
        "GOOGLE_CLOUD_UNIVERSE_DOMAIN": "universe.example",
        "GUNICORN_CMD_ARGS": "--bind=127.0.0.1:1",
        "HISTORY_DAYS": "many",
        "HOME": str(home),
        "LANG": "tr_TR.ISO-8859-9",
        "LOG_LEVEL": "info",
        "PORT": "1",
        "PUBSUB_EMULATOR_HOST": "127.0.0.1:9",
        "PYTHONIOENCODING": "cp1252",
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": "/nowhere.py",
        "SECRET_MANAGER_EMULATOR_HOST": "127.0.0.1:9",
        "THREADS": "0",
        "TMDB_BASE_URL": "http://127.0.0.1:9",
        "TMDB_EXPORTS_URL": "http://127.0.0.1:9",
        "TMDB_TOKEN": "",
        "TMDB_TOKEN_SECRET": "theirs",
        "TMPDIR": "/nowhere",
        "TOPIC_PREFIX": "theirs-",
        "TRACKED_MOVIES": "many",
        "TZ": "Asia/Kathmandu",
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("somebody") / "it's a b é"


def _run(
    theirs: Mapping[str, str], *command: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=dict(theirs),
        capture_output=True,
        encoding="cp1252",
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="module")
def served(
    data: Path, theirs: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "local.serve", f"--data={data}"]
    command += [f"--movies={MOVIES}", "--history=3"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=dict(theirs),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as server:
        try:
            give_up_at = time.monotonic() + UP_S
            while not Endpoints.read(data):
                ended = server.poll() is not None
                if ended or time.monotonic() > give_up_at:
                    server.kill()
                    assert server.stdout
                    raise AssertionError(server.stdout.read().decode("cp1252"))
                time.sleep(0.1)
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@pytest.fixture
def ask(data: Path, theirs: Mapping[str, str], served: object) -> Ask:
    return lambda *words: _run(theirs, "cli", *words, f"--data={data}")


def test_a_load_is_published_whatever_the_environment_says(
    ask: Ask, proxy: Proxy
) -> None:
    loaded = ask("load", "--yes")
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    watched = ask("status", "--watch", INITIAL, HISTORY)
    assert watched.returncode == 0, watched.stdout + watched.stderr
    last = json.loads(watched.stdout.splitlines()[-1])
    assert last["state"] == "PUBLISHED"
    assert ask("dead-letters", "--wait-s=0.3").returncode == 0
    assert proxy.requests == 0


def test_nothing_is_left_in_the_home_of_the_user(ask: Ask, home: Path) -> None:
    """Gunicorn would put one control socket for all instances there."""
    assert ask("status").returncode in {Exit.DONE, Exit.NOT_FOUND}
    assert [path.name for path in home.rglob("*")] == []


@pytest.mark.parametrize(
    "command",
    [("local.demo",), ("local.serve",)],
    ids=lambda command: command[0],
)
def test_a_second_stack_on_the_folder_fails_with_one_sentence(
    command: tuple[str, ...],
    data: Path,
    theirs: Mapping[str, str],
    served: "subprocess.Popen[bytes]",
) -> None:
    second = _run(theirs, *command, f"--data={data}")
    text = second.stdout + second.stderr
    assert second.returncode == 1, text
    assert f"process {served.pid}" in " ".join(text.split())
    assert "Traceback" not in text


def test_a_killed_stack_leaves_no_process_and_its_data_are_free_at_once(
    ask: Ask, data: Path, served: "subprocess.Popen[bytes]"
) -> None:
    assert len(processes_of(data)) >= 5
    served.kill()
    served.wait()
    result = ask("status")
    assert (result.returncode, INITIAL in result.stdout) == (Exit.DONE, True), (
        result.stderr
    )
    give_up_at = time.monotonic() + ENDED_S
    while (left := processes_of(data)) and time.monotonic() < give_up_at:
        time.sleep(0.1)
    assert left == []
