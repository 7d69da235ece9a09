"""Count and limit the simulator's requests; GET /_sim/stats returns the counts."""

from collections import Counter, deque
from dataclasses import dataclass, field
from threading import Lock

_WINDOW_S = 1.0
DETAILS = "/3/movie/{id}"


@dataclass(slots=True)
class RateLimit:
    """Allows `per_s` requests in any one second; 0 = no limit."""

    per_s: float = 0.0
    _admitted: deque[float] = field(default_factory=deque)
    _lock: Lock = field(default_factory=Lock)

    def admits(self, now_s: float) -> bool:
        """Return whether a request is within the limit."""
        if not self.per_s:
            return True
        with self._lock:
            while self._admitted and self._admitted[0] <= now_s - _WINDOW_S:
                self._admitted.popleft()
            if len(self._admitted) >= self.per_s:
                return False
            self._admitted.append(now_s)
            return True


class Stats:
    """Counts of requests and answers since the start or the last reset."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = 0
        self.reset()

    def reset(self) -> None:
        """Reset the counters; open connections stay counted."""
        with self._lock:
            self._outcomes: Counter[tuple[str, str]] = Counter()
            self._recent: deque[float] = deque()
            self._peak = 0
            self._first_details_s: float | None = None
            self._last_details_s: float | None = None
            self._most_open = self._open

    def arrived(self, endpoint: str, now_s: float) -> None:
        """Count a received request. `now_s`: unix seconds."""
        with self._lock:
            self._recent.append(now_s)
            while self._recent[0] <= now_s - _WINDOW_S:
                self._recent.popleft()
            self._peak = max(self._peak, len(self._recent))
            if endpoint == DETAILS:
                self._first_details_s = self._first_details_s or now_s
                self._last_details_s = now_s

    def answered(self, endpoint: str, outcome: str) -> None:
        """Count an answer: a status, "reset" or "truncated"."""
        with self._lock:
            self._outcomes[endpoint, outcome] += 1

    def connected(self, change: int) -> None:
        """Count a connection that opens (1) or closes (-1)."""
        with self._lock:
            self._open += change
            self._most_open = max(self._most_open, self._open)

    def to_json(self) -> dict[str, object]:
        """Return the counts. Times are unix seconds, null without requests."""
        with self._lock:
            endpoints: dict[str, dict[str, int]] = {}
            for (endpoint, outcome), count in sorted(self._outcomes.items()):
                endpoints.setdefault(endpoint, {})[outcome] = count
            throttled = sum(n for (_, o), n in self._outcomes.items() if o == "429")
            return {
                "total": self._outcomes.total(),
                "throttled": throttled,
                "endpoints": endpoints,
                "peak_requests_per_s": self._peak,
                "first_details_request_s": self._first_details_s,
                "last_details_request_s": self._last_details_s,
                "connections_open": self._open,
                "connections_max": self._most_open,
            }
