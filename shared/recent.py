"""Recent: one answer in, the same answer out for some seconds, to every thread."""

import threading
from collections.abc import Callable
from time import monotonic

SHARED_FOR_S = 10.0
"""So long requests share an answer of BigQuery: about as long as a streamed row may
take to be visible, so a shared answer lacks hardly more than a fresh one."""


class Recent[T]:
    """The last answer to a question. One thread asks while others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[float, T] | None = None

    def get(self, ask: Callable[[], T], max_age_s: float = SHARED_FOR_S) -> T:
        """Return the last answer; ask when it is older than that. No error is kept."""
        with self._lock:
            now = monotonic()
            if self._last is None or now - self._last[0] > max_age_s:
                # The age counts from before the question: it may miss what came since.
                self._last = (now, ask())
            return self._last[1]
