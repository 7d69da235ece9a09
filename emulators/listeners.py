"""Start a process with an open listening socket, as systemd does.

If a port is chosen first and the process binds it later, another process may have taken
it meanwhile. Here the starter opens the socket, and the process inherits it. Requests
wait until the process is up, also while it is restarted.
https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html
"""

import os
import socket
from collections.abc import MutableMapping

LOOPBACK = "127.0.0.1"
FIRST_FD = 3
"""The file descriptor of the socket, by systemd's protocol."""
_FEW_WAIT = 128
"""Connections that may wait to be accepted; a server may set another number."""


def open_listener(port: int = 0) -> socket.socket:
    """Listen on a port of 127.0.0.1, 0: a free one; a context manager closes it."""
    return socket.create_server((LOOPBACK, port), backlog=_FEW_WAIT)


def port_of(listener: socket.socket) -> int:
    """Return the port that a socket listens on."""
    return int(listener.getsockname()[1])


def inherited_listener(
    variables: MutableMapping[str, str] = os.environ,
) -> socket.socket | None:
    """Return the socket that this process was started with, once; None without one."""
    if variables.pop("LISTEN_PID", "") != str(os.getpid()):
        return None
    variables.pop("LISTEN_FDS", None)
    return socket.socket(fileno=FIRST_FD)
