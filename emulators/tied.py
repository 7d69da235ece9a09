"""Run a command that ends with the process that started it, however that one ends.

    python tied.py LISTENER COMMAND...

LISTENER is the file descriptor of a listening socket for the command, or -1. It is
passed on as systemd does, see listeners.py.

Standard input is a pipe that the starter holds open. A small process of the command's
group waits for its end, which comes even when the starter is killed, and then kills
the whole group. The command keeps the process id, and reads nothing.
"""

import os
import signal
import sys

_PIPE = 0
_LISTENER = 3


def main() -> None:
    """Become the command."""
    listener, *command = int(sys.argv[1]), *sys.argv[2:]
    if os.fork() == 0:
        _watch(listener)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, _PIPE)
    os.close(nothing)
    if listener >= 0:
        os.dup2(listener, _LISTENER)
        os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.execvp(command[0], command)  # noqa: S606 - our own commands


def _watch(listener: int) -> None:
    """Wait for the end of the starter; never return."""
    if listener >= 0:
        os.close(listener)
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
