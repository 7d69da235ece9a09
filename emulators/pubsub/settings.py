"""The emulator's options and the settings of one subscription. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypedDict

DEFAULT_PUSH_CONCURRENCY = 8
# https://cloud.google.com/pubsub/docs/handling-failures: "no policy" and its defaults.
_PUSH_BACKOFF_S = (0.1, 60.0)
_IMMEDIATELY = (0.0, 0.0)
_MAX_DOUBLINGS = 32  # beyond any maximum backoff; keeps the power of two a float


class RefusedError(Exception):
    """The error of a call that Pub/Sub, or only this emulator, refuses.

    code: name of the gRPC status, such as NOT_FOUND.
    """

    def __init__(
        self,
        code: Literal["NOT_FOUND", "ALREADY_EXISTS", "INVALID_ARGUMENT"],
        reason: str,
    ) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The speed and the faults of the emulator; the defaults are Pub/Sub's.

    push_concurrency: concurrent pushes of each subscription; or a number for each, by
        full name or short id, and 8 for all others.
    time_scale: multiplies the waits between deliveries (0.01 = a hundred times faster).
    deadline_scale: multiplies ack deadlines, in the same way.
    duplicate_rate: share of messages delivered twice, although acknowledged; 0 to 1.
    seed: of the random choice of duplicates.
    """

    push_concurrency: int | Mapping[str, int] = DEFAULT_PUSH_CONCURRENCY
    time_scale: float = 1.0
    deadline_scale: float = 1.0
    duplicate_rate: float = 0.0
    seed: int = 0

    def concurrency(self, subscription: str) -> int:
        """Return the number of threads of a subscription, given by its full name."""
        if isinstance(self.push_concurrency, int):
            return self.push_concurrency
        short_id = subscription.rpartition("/")[2]
        by_id = self.push_concurrency.get(short_id, DEFAULT_PUSH_CONCURRENCY)
        return self.push_concurrency.get(subscription, by_id)


class BehaviourOptions(TypedDict, total=False):
    """The fields of `Behaviour`, as keyword arguments."""

    push_concurrency: int | Mapping[str, int]
    time_scale: float
    deadline_scale: float
    duplicate_rate: float
    seed: int


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """The settings by which a subscription delivers.

    name, topic: full resource names.
    ack_deadline_s: seconds a delivery may take.
    backoff_s: shortest and longest wait before a redelivery; None without a policy.
    dead_letter_topic: the topic of a message after its last attempt; None for none.
    max_delivery_attempts: 5 to 100; counts only with a dead-letter topic.
    """

    name: str
    topic: str
    ack_deadline_s: int
    backoff_s: tuple[float, float] | None
    dead_letter_topic: str | None
    max_delivery_attempts: int

    def redelivery_wait_s(self, attempts: int, *, pushes: bool) -> float:
        """Return the wait, which doubles with each attempt; 0 for pulls by default."""
        default = _PUSH_BACKOFF_S if pushes else _IMMEDIATELY
        shortest, longest = self.backoff_s or default
        return min(longest, shortest * 2.0 ** min(attempts - 1, _MAX_DOUBLINGS))

    def is_last(self, attempt: int) -> bool:
        """Return whether a message goes to the dead letters if this attempt fails."""
        return bool(self.dead_letter_topic) and attempt >= self.max_delivery_attempts
