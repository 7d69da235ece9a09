"""Start and stop the BigQuery emulator from another process.

The data folder survives restarts and holds the log. The port is open from the start:
what connects before the emulator is up waits.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import weakref
from pathlib import Path
from typing import Self

from emulators import environment
from emulators.bigquery import folder
from emulators.bigquery.versions import BigQueryEmulatorError, refuse_untried
from emulators.listeners import LOOPBACK, open_listener, port_of
from emulators.processes import terminate

_ROOT = Path(__file__).parents[2]
TRANSLATIONS = "BIGQUERY_EMULATOR_TRANSLATIONS"
"""The variable with the folder of stored translations; empty: store none."""
_TRANSLATIONS = _ROOT / ".cache/bigquery-translations"
_STORAGE = re.compile(r"listening on \S+, storage API on (\S+)\n")
_START_TIMEOUT_S = 60.0
_ENDING_S = 1.0
_KILL_AFTER_S = 5.0
_SHOWN_LOG_LINES = 15


class BigQueryEmulator:
    """An emulator that runs from its construction until `stop`.

    url: for client_options={"api_endpoint": url} with AnonymousCredentials.
    storage_address: host and port of the storage API, for an insecure gRPC channel;
        empty unless it was started with `storage`.
    project: its default project id.
    log_path: the output of this process and of earlier ones.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        project: str = "local",
        *,
        storage: bool = False,
        waits: bool = True,
    ) -> None:
        """Start it; port 0 is a free port. Without `waits`, call `wait_until_up` later.

        BigQueryEmulatorError with the end of the log if it fails to start;
        FolderHeldError with the process that already uses the folder.
        """
        refuse_untried()
        held = folder.take(data_dir)
        self.project = project
        self.log_path = data_dir / "emulator.log"
        # Append: a second process on this folder fails, and must not clear the log.
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        options = [f"--data-dir={data_dir.resolve()}", f"--project={project}"]
        options += ["--storage-port=0"] * storage
        try:
            # The emulator inherits both and holds them until it ends.
            with _listener(port) as listener:
                self.url = f"http://{LOOPBACK}:{port_of(listener)}"
                self._process = _start(options, self.log_path, held, listener.fileno())
        except OSError as error:
            raise folder.FolderUnusableError(data_dir, error) from error
        finally:
            os.close(held)
        self.storage_address = ""
        # Called at the end of the interpreter too, if not before.
        self.stop = weakref.finalize(self, terminate, self._process, _KILL_AFTER_S)
        if waits:
            self.wait_until_up()

    def wait_until_up(self) -> None:
        """Wait until it answers a query; on an error, end it: BigQueryEmulatorError."""
        try:
            self._run_a_query()
        except BaseException:
            self.stop()
            raise
        if found := _STORAGE.search(self._log()):
            self.storage_address = found[1]

    @property
    def pid(self) -> int:
        """The id of the emulator's process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code of its process; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _run_a_query(self) -> None:
        """Check that queries work; the first one also loads what the others need."""
        location = urllib.parse.urlsplit(self.url).netloc
        connection = http.client.HTTPConnection(location, timeout=_START_TIMEOUT_S)
        try:
            connection.request(
                "POST",
                f"/bigquery/v2/projects/{self.project}/queries",
                json.dumps({"query": "SELECT 1", "useLegacySql": False}),
                {"Content-Type": "application/json"},
            )
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_ENDING_S)
            raise self._failure("did not start") from error
        finally:
            connection.close()
        if status != http.client.OK:
            raise self._failure(f"answered {status} to SELECT 1")

    def _log(self) -> str:
        return self.log_path.read_bytes()[self._log_start :].decode(errors="replace")

    def _failure(self, what: str) -> BigQueryEmulatorError:
        last_lines = self._log().splitlines()[-_SHOWN_LOG_LINES:]
        log = "\n  ".join(last_lines) or "(empty)"
        return BigQueryEmulatorError(
            f"The BigQuery emulator {what} (exit code {self._process.poll()}). "
            f"The end of {self.log_path}:\n  {log}"
        )


def _listener(port: int) -> socket.socket:
    try:
        return open_listener(port)
    except OSError as error:
        raise BigQueryEmulatorError(f"{error} (port {port})") from error


def _start(
    options: list[str], log_path: Path, held: int, listener: int
) -> subprocess.Popen[bytes]:
    module = [sys.executable, "-m", "emulators.bigquery", "--end-with-stdin"]
    module.append(f"--listener={listener}")
    if translations := os.environ.get(TRANSLATIONS, str(_TRANSLATIONS)):
        module.append(f"--translations={Path(translations).resolve()}")
    with log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            [*module, *options],
            cwd=_ROOT,
            env=environment.of_child(),
            pass_fds=[held, listener],
            stdin=subprocess.PIPE,  # kept open: the emulator ends with this process
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process only, which ends it
        )
