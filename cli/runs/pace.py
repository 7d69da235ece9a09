"""Pace: how many were done at which moment in; the rate and the time left out. Pure."""

from collections import deque
from dataclasses import dataclass, field

LOOKS_BACK_S = 20.0
"""The rate is that of the last seconds: what is slow now is said to be slow."""


@dataclass(slots=True)
class Pace:
    """What was done, seen from time to time; moments in seconds of any clock."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def see(self, moment: float, done: int) -> None:
        """Note how much is done."""
        self._seen.append((moment, done))
        while len(self._seen) > 2 and moment - self._seen[1][0] >= LOOKS_BACK_S:  # noqa: PLR2004 - a rate takes two
            self._seen.popleft()

    @property
    def is_new(self) -> bool:
        """Whether nothing has been seen yet."""
        return not self._seen

    @property
    def rate(self) -> float | None:
        """Done a second; None before anything can be said."""
        if not self._seen:
            return None
        (first, had), (last, has) = self._seen[0], self._seen[-1]
        return (has - had) / (last - first) if last > first else None

    def seconds_left(self, total: int) -> float | None:
        """How long the rest takes at this rate; None while nobody knows."""
        rate = self.rate
        if not rate:
            return None
        return max(0, total - self._seen[-1][1]) / rate
