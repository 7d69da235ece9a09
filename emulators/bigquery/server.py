"""Serve local-bigquery on loopback until a signal arrives.

It prints one line with its addresses on standard output, then serves REST and, on
request, gRPC. local-bigquery's own command line is not used because it binds to all
interfaces, logs every request and ends without closing its files.
"""

import contextlib
import os
import pathlib
import signal
import socket
import sys
import threading
import traceback

import uvicorn
from local_bigquery.app import app
from local_bigquery.engine import database

from emulators.bigquery.catalog import look_up_single_tables
from emulators.bigquery.changes import notice_changes
from emulators.bigquery.jobs import close_jobs, keep_jobs
from emulators.bigquery.merges import patch_merges
from emulators.bigquery.offline import go_offline
from emulators.bigquery.races import patch_races
from emulators.bigquery.results import keep_results
from emulators.bigquery.streamed import look_up_once
from emulators.bigquery.translations import remember_translations
from emulators.bigquery.uploads import patch_uploads

_HOST = "127.0.0.1"
_LAST_REQUESTS_S = 3


def serve(
    *,
    listener: socket.socket,
    storage_port: int | None,
    data_dir: pathlib.Path,
    project: str,
    end_with_stdin: bool,
    translations: pathlib.Path | None,
) -> None:
    """Serve REST on `listener`, and the storage API on a port if given (0: free)."""
    signal.signal(signal.SIGTERM, _unwind)
    if end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    database.settings.data_dir = data_dir
    database.settings.default_project_id = project
    go_offline()
    look_up_single_tables()
    patch_races()
    patch_uploads()
    patch_merges()
    remember_translations(translations)
    notice_changes()
    look_up_once()
    keep_results()
    keep_jobs()
    exit_code = 1
    try:
        _answer(listener, storage_port)
    except (SystemExit, KeyboardInterrupt):
        exit_code = 0
    except Exception:  # noqa: BLE001 - the process ends in any case
        traceback.print_exc()
    # A normal exit takes a second more, and DuckDB's binding appends a long list of
    # alleged leaks to the log.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


def _answer(listener: socket.socket, storage_port: int | None) -> None:
    """Serve until a signal raises SystemExit or KeyboardInterrupt."""
    connection = database.connection()
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(connection.close)  # writes the write-ahead log into files
        at_the_end.callback(close_jobs)
        addresses = f"http://{_HOST}:{listener.getsockname()[1]}"
        if storage_port is not None:
            # Seldom needed, and its import is a seventh of the start.
            from local_bigquery.grpc import server as storage  # noqa: PLC0415

            storage_server, storage_port = storage.start(_HOST, storage_port)
            at_the_end.callback(lambda: storage_server.stop(None).wait())
            addresses += f", storage API on {_HOST}:{storage_port}"
        _serve(listener, addresses)


def _serve(listener: socket.socket, addresses: str) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=_LAST_REQUESTS_S,
    )
    sys.stdout.write(f"listening on {addresses}\n")
    sys.stdout.flush()
    uvicorn.Server(config).run(sockets=[listener])


def _unwind(*_: object) -> None:
    """Exit by an exception: uvicorn raises the signal again after its shutdown."""
    sys.exit(0)


def _end_with_stdin() -> None:
    """End when the process that holds the other end of standard input has ended.

    Otherwise the emulator of a killed demo would keep the folder locked.
    """
    os.read(0, 1)  # sys.stdin has a lock that would break the interpreter's exit
    os.kill(os.getpid(), signal.SIGTERM)
