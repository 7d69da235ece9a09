"""The demo: the whole pipeline on this machine, from initial load to charts.

python -m local.demo, or `make demo`. With a TMDB simulator: an initial load, 90 days
of history from exports, then daily runs of simulated days. With TMDB_TOKEN set: the
real TMDB, today, with less history. The data stay in .data/: the next demo continues
with the next day. PUBSUB_EMULATOR=google uses Google's own Pub/Sub emulator instead of
the embedded one; it needs Java and the Cloud SDK.
"""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local.archives import ROOT
from local.console import open_console
from local.progress import Steps


def main() -> None:
    """Run the demo; exit with 1 if it failed, with 130 on Ctrl-C."""
    console = open_console()
    # SIGINT too: a shell's background jobs ignore it by default. SIGHUP: the
    # terminal was closed.
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, _terminate)
    arguments = _arguments()
    try:
        with Steps(console) as steps:
            steps.say("starting the emulators and the functions")
            # Google's libraries take seconds to import: first show that it works.
            from local import demo_runs  # noqa: PLC0415

            is_done = demo_runs.run(arguments, steps, console)
    except KeyboardInterrupt:
        console.print("stopped; `make demo` continues from here")
        sys.exit(130)
    sys.exit(0 if is_done else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--movies", type=int, default=250, help="how many to track")
    parser.add_argument("--days", type=int, default=15, help="daily runs to simulate")
    parser.add_argument("--history", type=int, help="days of history to load first")
    parser.add_argument("--seed", type=int, default=7, help="of the simulated TMDB")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".data", help="folder of the data"
    )
    return parser.parse_args()


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End as on Ctrl-C, so that every child process is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
