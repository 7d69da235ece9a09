"""Run a command that ends with the process that started it, however that one ends.

    python tied.py COMMAND...

Standard input is a pipe that the starter holds open. A small process of the command's
group waits for its end, which comes even when the starter is killed, and then kills
the whole group. The command keeps the process id, and reads nothing.
"""

import os
import signal
import sys

_PIPE = 0


def main() -> None:
    """Become the command."""
    if os.fork() == 0:
        _watch()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _PIPE)
    os.close(nothing)
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 - our own commands


def _watch() -> None:
    """Wait for the end of the starter; never return."""
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    # A reader that waits for the end of the command's output does not wait for us.
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.read(_PIPE, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
