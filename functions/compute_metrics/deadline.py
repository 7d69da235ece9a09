"""The deadline of a whole computation, and the time that is left of it."""

from dataclasses import dataclass
from time import monotonic
from typing import Self

from shared.delivery import Delivery
from shared.errors import DeadlineError

PUSHED_S = 480.0
"""Of a whole computation. The function has 540 s: the rest is for cancelling the job,
for the ledger and the answer."""
CALLED_S = 270.0
"""Of a call that a person waits for: `gcloud functions call` gives up after 300 s."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline by this process's clock, and the total time until it."""

    ends_at: float
    seconds: float

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """Return the deadline of a delivery's work, which begins now."""
        return cls.after(PUSHED_S if delivery.is_pushed else CALLED_S)

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the deadline of work that begins now."""
        return cls(monotonic() + seconds, seconds)

    def left_s(self) -> float:
        """Return the seconds left; DeadlineError if there are none."""
        left = self.ends_at - monotonic()
        if left <= 0:
            raise DeadlineError(
                f"the computation took longer than {self.seconds:.0f} s",
                hint="retried automatically; a shorter range of days takes less",
            )
        return left
