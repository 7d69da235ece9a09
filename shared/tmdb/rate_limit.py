"""Limit the rate of requests of all threads, and read how long a retry waits."""

import re
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from shared import clock

LONGEST_PAUSE_S = 120.0
LONGEST_BELIEVED_S = 86_400.0
CEILING = 40
"""TMDB accepts about this many requests in any second."""
MOST_LATE_S = 0.1
"""Delay that later requests make up for: 3 requests at 30 per second. Less where that
would exceed the ceiling; a longer delay is not made up for."""


class TokenBucket:
    """A token bucket for all threads: `rate` requests per second.

    The rate may be changed at any time. One thread waits for the next token, and the
    others wait for that thread: if each waited for a token of its own, a process that
    was stalled would send all requests at once.
    """

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate = rate
        self._clock = clock
        self._sleep = sleep
        self._turn = threading.Lock()
        self._pausing = threading.Lock()
        self._next_at = 0.0
        self._paused_until = 0.0

    def take(self) -> None:
        """Wait for the next token; longer if the bucket is paused meanwhile."""
        came_at = self._clock()
        with self._turn:
            while (delay_s := self._free_at() - self._clock()) > 0:
                self._sleep(delay_s)
            due_at = max(self._free_at(), came_at)
            made_up_s = min(MOST_LATE_S, max(0.0, (CEILING - 1) / self.rate - 1))
            late_at = self._clock() - made_up_s
            self._next_at = max(due_at, late_at) + 1.0 / self.rate

    def pause(self, seconds: float) -> None:
        """Pause all requests for this time: a 429 applies to all of them."""
        with self._pausing:
            until = self._clock() + min(seconds, LONGEST_PAUSE_S)
            self._paused_until = max(self._paused_until, until)

    def _free_at(self) -> float:
        return max(self._next_at, self._paused_until)


def retry_after_s(header: str | None) -> float | None:
    """Read Retry-After: seconds or an HTTP date; None if it is neither.

    Also None if it is implausible: negative, or more than a day.
    """
    text = (header or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        seconds = float(text)
    else:
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError):
            return None
        if until.tzinfo is None:
            return None
        seconds = max(0.0, (until - clock.now()).total_seconds())
    return seconds if seconds <= LONGEST_BELIEVED_S else None
