"""Run a command that ends with the process that started it, even if that is killed.

    python tied.py LISTENER COMMAND...

LISTENER is the file descriptor of a listening socket for the command, or -1. It is
passed as systemd does: see listeners.py.

Standard input is a pipe that the starter keeps open. A small process in the command's
group waits until the pipe is closed, which also happens if the starter is killed, and
then kills the whole group. The command has this process id, and an empty input.
"""

import os
import signal
import sys

_PIPE = 0
_LISTENER = 3


def main() -> None:
    """Start the watching process, then become the command."""
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
    """Wait for the end of the starter, then kill the group."""
    if listener >= 0:
        os.close(listener)
    for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(kind, signal.SIG_IGN)
    # A reader of the command's output must not wait for this process too.
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.read(_PIPE, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
