"""Share one result of a query among threads for some seconds."""

import threading
from collections.abc import Callable
from time import monotonic

SHARED_FOR_S = 10.0
"""For how long requests share a result of BigQuery: about as long as a streamed row
takes to become visible, so a new query would hardly find more."""


class Recent[T]:
    """The last result of a query. One thread queries while the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[float, T] | None = None

    def get(self, ask: Callable[[], T], max_age_s: float = SHARED_FOR_S) -> T:
        """Return the last result; query again if it is older. No error is kept."""
        with self._lock:
            now = monotonic()
            if self._last is None or now - self._last[0] > max_age_s:
                # The age counts from before the query: the result may lack later rows.
                self._last = (now, ask())
            return self._last[1]
