"""Listening sockets that a process is started with, as systemd passes them.

A port that is chosen first and bound by the process when it is up may be another's by
then: its requests go to a stranger. Here the starter listens, and the process takes
over the socket. What comes before it is up, or while it is restarted, waits.
https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
"""

import os
import socket
from collections.abc import MutableMapping

LOOPBACK = "127.0.0.1"
FIRST_FD = 3
"""The file descriptor of the socket, by systemd's protocol."""
_FEW_WAIT = 128
"""Connections that nobody has accepted yet; a server sets what it prefers."""


def open_listener() -> socket.socket:
    """Listen on a free port of 127.0.0.1; a context manager, which closes it."""
    return socket.create_server((LOOPBACK, 0), backlog=_FEW_WAIT)


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    return int(listener.getsockname()[1])


def inherited_listener(
    variables: MutableMapping[str, str] = os.environ,
) -> socket.socket | None:
    """Return the socket that this process was started with, if any; at most once."""
    if variables.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    variables.pop("LISTEN_FDS", None)
    return socket.socket(fileno=FIRST_FD)
