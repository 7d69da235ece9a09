"""Run the BigQuery emulator: `python -m emulators.bigquery --help`.

It prints one line with its addresses when it is ready. SIGTERM or Ctrl-C ends it and
writes everything into the folder's files.
"""

import argparse
import pathlib
import socket
import sys

from emulators.bigquery.versions import BigQueryEmulatorError, refuse_untried
from emulators.listeners import open_listener


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal arrives."""
    parser = argparse.ArgumentParser("python -m emulators.bigquery")
    parser.add_argument("--port", type=int, default=9050, help="0: a free port")
    parser.add_argument(
        "--listener", type=int, help="descriptor of an open socket, instead of a port"
    )
    parser.add_argument(
        "--storage-port",
        type=int,
        help="also serve the storage API (gRPC) on this port; 0: a free port",
    )
    parser.add_argument("--data-dir", type=pathlib.Path, required=True)
    parser.add_argument("--project", default="local")
    parser.add_argument(
        "--translations",
        type=pathlib.Path,
        help="folder of translated statements, shared with other processes",
    )
    parser.add_argument(
        "--end-with-stdin",
        action="store_true",
        help="end when standard input is closed, so with the process that started this",
    )
    options = parser.parse_args(arguments)
    try:
        refuse_untried()
        # Before the imports, which take two seconds: a port in use fails at once.
        listener = (
            open_listener(options.port)
            if options.listener is None
            else socket.socket(fileno=options.listener)
        )
    except (BigQueryEmulatorError, OSError) as error:
        sys.exit(f"{error} (port {options.port})")
    # The storage client imports pandas if it is installed, and does not need it.
    # Without it, the start takes a third less time. None makes the import fail.
    sys.modules["pandas"] = None  # type: ignore[assignment]
    # After the check: another version may fail at its import.
    from emulators.bigquery import server  # noqa: PLC0415

    server.serve(
        listener=listener,
        storage_port=options.storage_port,
        data_dir=options.data_dir.resolve(),
        project=options.project,
        end_with_stdin=options.end_with_stdin,
        translations=options.translations,
    )


if __name__ == "__main__":
    main()
