"""Start and stop the BigQuery emulator from another process.

The data folder survives restarts and holds the log. `.url` is set once the emulator has
answered a query.
"""

import http.client
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import weakref
from pathlib import Path
from typing import Self

from emulators import environment
from emulators.bigquery import folder
from emulators.bigquery.versions import BigQueryEmulatorError, refuse_untried
from emulators.processes import terminate

_ROOT = Path(__file__).parents[2]
TRANSLATIONS = "BIGQUERY_EMULATOR_TRANSLATIONS"
"""The variable that names the folder of stored translations; empty keeps none."""
_TRANSLATIONS = _ROOT / ".cache/bigquery-translations"
_LISTENING = re.compile(
    r"listening on (?P<url>[^\s,]+)(, storage API on (?P<storage>\S+))?\n"
)
_START_TIMEOUT_S = 60.0
_POLL_S = 0.02
_KILL_AFTER_S = 5.0
_SHOWN_LOG_LINES = 15


class BigQueryEmulator:
    """Running from the moment it exists until `stop`.

    url: for client_options={"api_endpoint": url} with AnonymousCredentials.
    storage_address: host and port of the storage API, for an insecure gRPC channel;
        empty unless it was started with `storage`.
    project: its default project id.
    log_path: what the process wrote, in this and earlier starts.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        project: str = "local",
        *,
        storage: bool = False,
    ) -> None:
        """Port 0 takes a free one; BigQueryEmulatorError with the log if it dies.

        FolderHeldError names the process that uses the folder already.
        """
        refuse_untried()
        held = folder.take(data_dir)
        self.project = project
        self.log_path = data_dir / "emulator.log"
        # A second process on the folder fails: it must not wipe the first one's log.
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        try:
            options = [f"--data-dir={data_dir.resolve()}", f"--port={port}"]
            options += [f"--project={project}", *(["--storage-port=0"] * storage)]
            self._process = _start(options, self.log_path, held)
        except OSError as error:
            raise folder.FolderUnusableError(data_dir, error) from error
        finally:
            os.close(held)  # the emulator holds the folder now, and its end frees it
        # Also at the end of the interpreter, if it was not called before.
        self.stop = weakref.finalize(self, terminate, self._process, _KILL_AFTER_S)
        try:
            self.url, self.storage_address = self._wait_for_addresses()
            self._ask_something()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """The process that holds the data."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _wait_for_addresses(self) -> tuple[str, str]:
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < give_up_at:
            ended = self._process.poll() is not None
            if found := _LISTENING.search(self._log()):
                return found["url"], found["storage"] or ""
            if ended:
                break
            time.sleep(_POLL_S)
        raise self._failure("did not start")

    def _ask_something(self) -> None:
        """Make sure of the whole way; it also loads what a first query needs."""
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
            raise self._failure("did not answer") from error
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


def _start(options: list[str], log_path: Path, held: int) -> subprocess.Popen[bytes]:
    module = [sys.executable, "-m", "emulators.bigquery", "--end-with-stdin"]
    if translations := os.environ.get(TRANSLATIONS, str(_TRANSLATIONS)):
        module.append(f"--translations={Path(translations).resolve()}")
    with log_path.open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            [*module, *options],
            cwd=_ROOT,
            env=environment.of_child(),
            pass_fds=[held],
            stdin=subprocess.PIPE,  # held open: the process ends when we do
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us, and we end it
        )
