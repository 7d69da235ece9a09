"""An HTTP server in a thread of this process, for the emulators that are small."""

import threading
from http.server import ThreadingHTTPServer
from typing import Self

from emulators.listeners import LOOPBACK


class BackgroundServer:
    """A server that runs from its construction until `stop`.

    url: where it is, without a path.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.url = f"http://{LOOPBACK}:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Close the port; harmless the second time."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
