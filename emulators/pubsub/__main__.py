"""Run the Pub/Sub emulator: `python -m emulators.pubsub --help`.

It prints "listening on HOST:PORT" when it is ready; SIGTERM or Ctrl-C ends it.
"""

import argparse
import signal
import sys
import threading

from emulators.pubsub import PubSubEmulator
from emulators.pubsub.settings import DEFAULT_PUSH_CONCURRENCY


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal arrives."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with PubSubEmulator(**vars(options)) as pubsub:
        sys.stdout.write(f"listening on {pubsub.address}\n")
        sys.stdout.flush()
        ended.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m emulators.pubsub", description=__doc__)
    parser.add_argument("--port", type=int, default=8085, help="0: a free port")
    parser.add_argument(
        "--push-concurrency",
        type=_concurrency,
        default=DEFAULT_PUSH_CONCURRENCY,
        metavar="N | SUBSCRIPTION=N,...",
        help="concurrent pushes, of all subscriptions or by subscription id",
    )
    parser.add_argument("--time-scale", type=float, default=1.0, help="of back-offs")
    parser.add_argument("--deadline-scale", type=float, default=1.0)
    parser.add_argument("--duplicate-rate", type=float, default=0.0, help="0 to 1")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the random choice of duplicates"
    )
    return parser


def _concurrency(text: str) -> int | dict[str, int]:
    if "=" not in text:
        return int(text)
    pairs = (pair.split("=") for pair in text.split(","))
    return {name: int(number) for name, number in pairs}


if __name__ == "__main__":
    main()
