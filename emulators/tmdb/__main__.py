"""Run the TMDB simulator: `python -m emulators.tmdb --help`.

It prints "listening on http://..." when it is ready; SIGTERM or Ctrl-C ends it. If it
is started with a listening socket, as by systemd, it ignores --port.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time
from pathlib import Path

from emulators.listeners import inherited_listener
from emulators.tmdb.http.faults import Faults
from emulators.tmdb.http.server import TmdbSimulator
from emulators.tmdb.http.settings import SIMULATED_API_KEY, SIMULATED_TOKEN


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal arrives."""
    parser = _parser()
    values = vars(parser.parse_args(arguments))
    texts = {
        item.name: text
        for item in fields(Faults)
        if (text := values.pop(item.name)) is not None
    }
    try:
        listener = inherited_listener()
        simulator = TmdbSimulator(
            listener=listener, faults=Faults.from_texts(texts), **values
        )
        simulator.start()
    except (OSError, ValueError) as error:
        parser.error(str(error))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    print(f"listening on {simulator.url}", flush=True)
    stopped.wait()
    simulator.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulators.tmdb",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Simulate TMDB on this machine, with invented movies.",
    )
    day = date.fromisoformat
    add = parser.add_argument
    add("--port", type=int, default=8100, help="0 = any free port")
    add("--seed", type=int, default=7)
    add("--movies", type=int, default=3_000)
    add("--today", type=day, default=datetime.now(UTC).date(), metavar="YYYY-MM-DD")
    add("--time-of-day", type=time.fromisoformat, default=time(9), metavar="HH:MM:SS")
    add(
        "--age-s",
        type=int,
        default=0,
        metavar="S",
        help="age of every answer, as if from a cache",
    )
    add("--start", type=day, metavar="YYYY-MM-DD", help="default: 1 January of today")
    add("--rate-limit", type=float, default=0.0, dest="rate_limit", metavar="N")
    add("--retry-after-s", type=int, metavar="S", help="sent with a 429; default: none")
    add("--latency-ms", type=float, default=0.0, metavar="MS")
    add("--no-list-quirks", action="store_false", dest="list_quirks")
    add("--token", default=SIMULATED_TOKEN)
    add("--api-key", default=SIMULATED_API_KEY)
    add("--replay-series", type=Path, metavar="CSV")
    add("--replay-recorded", type=Path, metavar="DIR")
    faults = parser.add_argument_group("faults", description=Faults.__doc__)
    for item in fields(Faults):
        faults.add_argument(f"--{item.name.replace('_', '-')}", metavar="VALUE")
    return parser


if __name__ == "__main__":
    sys.exit(main())
