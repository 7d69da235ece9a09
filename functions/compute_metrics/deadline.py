"""Deadline: the time that a whole computation has; what is left of it for each part."""

from dataclasses import dataclass
from time import monotonic
from typing import Self

from shared.errors import DeadlineError


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of this process's clock, and how long before it the work began."""

    ends_at: float
    seconds: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Begin now."""
        return cls(monotonic() + seconds, seconds)

    def left_s(self) -> float:
        """Return what is left; DeadlineError when there is nothing."""
        left = self.ends_at - monotonic()
        if left <= 0:
            raise DeadlineError(
                f"the computation took longer than {self.seconds:.0f} s",
                hint="retried automatically; a shorter range of days takes less",
            )
        return left
