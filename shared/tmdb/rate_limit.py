"""Rate limit: one polite rate for all threads, and how long a retry waits."""

import re
import threading
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

from shared import clock

LONGEST_PAUSE_S = 120.0
LONGEST_BELIEVED_S = 86_400.0


class TokenBucket:
    """Hands out moments to send at, `rate` a second, to all threads that ask.

    The rate may be changed at any time; moments handed out before stay as they are.
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
        self._lock = threading.Lock()
        self._next_at = 0.0
        self._paused_until = 0.0

    def take(self) -> None:
        """Wait for the next free moment; again if the bucket was paused meanwhile."""
        while True:
            with self._lock:
                at = max(self._clock(), self._next_at, self._paused_until)
                self._next_at = at + 1.0 / self.rate
            if (delay_s := at - self._clock()) > 0:
                self._sleep(delay_s)
            if self._paused_until <= at:
                return

    def pause(self, seconds: float) -> None:
        """Pause every request for so long: a 429 to one applies to all."""
        with self._lock:
            until = self._clock() + min(seconds, LONGEST_PAUSE_S)
            self._paused_until = max(self._paused_until, until)


def retry_after_s(header: str | None) -> float | None:
    """Read Retry-After: seconds or an HTTP date; None where it is neither.

    Nor is it one that nobody can mean: below 0, or more than a day away.
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
