"""Run Google's own Pub/Sub emulator, if Java and its jar are installed.

The jar is started directly, because a signal to `gcloud` would not end its Java child.
"""

import shutil
import socket
import subprocess
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from emulators import environment
from emulators.listeners import open_listener, port_of
from emulators.processes import terminate, tied

_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
USUAL_ROOTS = (
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/usr/local/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
)
_START_TIMEOUT_S = 30.0
_POLL_S = 0.05
_KILL_AFTER_S = 2.0


class GoogleEmulatorError(RuntimeError):
    """Google's emulator cannot run here; the message names what is missing."""


def find_google_emulator(roots: Iterable[str] = USUAL_ROOTS) -> Path | None:
    """Return the newest jar below gcloud or the usual folders; None without one."""
    jars = [jar for root in _sdk_roots(roots) for jar in root.glob(_JAR)]
    return max(jars, default=None)


def start_google_emulator(
    port: int = 0, roots: Iterable[str] = USUAL_ROOTS
) -> "GoogleEmulator":
    """Start it and wait for its port; GoogleEmulatorError says what is missing."""
    java = shutil.which("java")
    if java is None:
        raise GoogleEmulatorError(
            "Google's Pub/Sub emulator needs Java, and there is no `java` on PATH. "
            "Install a Java 11+ runtime, or use the emulator (emulators.pubsub)."
        )
    jar = find_google_emulator(roots)
    if jar is None:
        raise GoogleEmulatorError(
            f"Google's Pub/Sub emulator is not installed: no {_JAR} below the gcloud "
            "on PATH or the usual places. Run `gcloud components install "
            "pubsub-emulator` or `apt-get install google-cloud-cli-pubsub-emulator`, "
            "or use the emulator (emulators.pubsub)."
        )
    return GoogleEmulator(java, jar, port or _free_port())


class GoogleEmulator:
    """A running emulator.

    address: host and port, the value for PUBSUB_EMULATOR_HOST.
    """

    def __init__(self, java: str, jar: Path, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._process = tied(
            [java, "-jar", str(jar), "--host=127.0.0.1", f"--port={port}"],
            # It writes a stack trace for each failed push: gigabytes in half an hour.
            subprocess.DEVNULL,
            env=environment.of_child(),
        )
        self.stop = weakref.finalize(self, terminate, self._process, _KILL_AFTER_S)
        try:
            self._wait_for_port(port)
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def _wait_for_port(self, port: int) -> None:
        # TCP, not HTTP: the first request to its REST adapter would take seconds.
        give_up_at = time.monotonic() + _START_TIMEOUT_S
        while self._process.poll() is None and time.monotonic() < give_up_at:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(_POLL_S)
            else:
                return
        raise GoogleEmulatorError(
            f"Google's Pub/Sub emulator did not open port {port} within "
            f"{_START_TIMEOUT_S:.0f} s (exit code {self._process.poll()}). "
            "Is the port free, and is `java -version` 11 or newer?"
        )


def _sdk_roots(usual: Iterable[str]) -> Iterable[Path]:
    if gcloud := shutil.which("gcloud"):
        yield Path(gcloud).resolve().parents[1]  # ROOT/bin/gcloud
    yield from map(Path, usual)
    yield Path.home() / "google-cloud-sdk"


def _free_port() -> int:
    """Return a port that is free now: Java cannot inherit a socket."""
    with open_listener() as listener:
        return port_of(listener)
