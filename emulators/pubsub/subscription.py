"""The queue of one subscription: leases, acknowledgements, redelivery, dead letters.

Every delivery attempt ends in exactly one ack or nack; an expired lease is a nack.
"""

import heapq
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from emulators.pubsub.message import Lease, Message
from emulators.pubsub.settings import Behaviour, SubscriptionSettings

EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class SubscriptionStats:
    """What happened on a subscription so far, and what waits on it now.

    ready: waiting to be delivered, those in a back-off wait included.
    leased: delivered and not yet answered.
    refused: number of nacks by reason: http_503, unreachable, expired, nacked.
    """

    ready: int
    leased: int
    delivered: int
    acked: int
    dead_lettered: int
    refused: Mapping[str, int]


@dataclass(order=True, slots=True)
class _Waiting:
    due_at: float
    serial: int  # first come, first served among those due at once
    message: Message = field(compare=False)
    attempts: int = field(compare=False)


class Subscription:
    """Messages that are due later or now, and those that are leased.

    pushes: whether a push endpoint is set; decides the wait without a retry policy.
    """

    def __init__(
        self,
        settings: SubscriptionSettings,
        behaviour: Behaviour,
        lock: threading.RLock,
        bury: Callable[["Subscription", Lease], bool],
    ) -> None:
        """Share `lock` with the broker.

        So a message that moves to the dead letters is never in neither place, and two
        subscriptions that are each other's dead letters cannot deadlock.
        """
        self.settings = settings
        self.pushes = False
        self._behaviour = behaviour
        self._changed = threading.Condition(lock)
        self._bury = bury
        self._serials = itertools.count(1)
        self._waiting: list[_Waiting] = []
        self._leases: dict[str, Lease] = {}
        self._closed = False
        self._delivered = self._acked = self._dead_lettered = 0
        self._refused: Counter[str] = Counter()

    @property
    def ack_deadline_s(self) -> float:
        """Seconds, scaled."""
        return self.settings.ack_deadline_s * self._behaviour.deadline_scale

    def offer(
        self, message: Message, *, wait_s: float = 0.0, attempts: int = 0
    ) -> None:
        """Put a message into the queue; it is due in `wait_s` seconds."""
        with self._changed:
            due_at = time.monotonic() + wait_s
            entry = _Waiting(due_at, next(self._serials), message, attempts)
            heapq.heappush(self._waiting, entry)
            self._changed.notify()

    def lease(
        self,
        limit: int,
        timeout_s: float = math.inf,
        wanted: Callable[[], bool] = lambda: True,
    ) -> list[Lease]:
        """Wait for messages that are due; empty after the timeout or when unwanted."""
        with self._changed:
            give_up_at = time.monotonic() + timeout_s
            while wanted() and not self._closed:
                now = time.monotonic()
                self._expire(now)
                taken = self._take(now, limit)
                if taken or now >= give_up_at:
                    return taken
                self._sleep(now, give_up_at)
        return []

    def ack(self, ack_ids: Iterable[str]) -> None:
        """Done; an id whose lease has expired is ignored, as Pub/Sub ignores it."""
        with self._changed:
            for ack_id in ack_ids:
                if self._leases.pop(ack_id, None):
                    self._acked += 1

    def nack(self, ack_id: str, reason: str) -> None:
        """Deliver again after the back-off, or never again and to the dead letters."""
        with self._changed:
            lease = self._leases.pop(ack_id, None)
            if lease is None:
                return
            self._refused[reason] += 1
            if self.settings.is_last(lease.attempt) and self._bury(self, lease):
                self._dead_lettered += 1
                return
            wait_s = self.settings.redelivery_wait_s(lease.attempt, pushes=self.pushes)
            self.offer(
                lease.message,
                wait_s=wait_s * self._behaviour.time_scale,
                attempts=lease.attempt,
            )

    def extend(self, ack_id: str, seconds: float) -> None:
        """Let a lease expire so many seconds from now, scaled."""
        with self._changed:
            if old := self._leases.get(ack_id):
                expires_at = time.monotonic() + seconds * self._behaviour.deadline_scale
                lease = Lease(ack_id, old.message, old.attempt, expires_at)
                self._leases[ack_id] = lease
                self._changed.notify_all()

    def stats(self) -> SubscriptionStats:
        """One consistent picture."""
        with self._changed:
            return SubscriptionStats(
                ready=len(self._waiting),
                leased=len(self._leases),
                delivered=self._delivered,
                acked=self._acked,
                dead_lettered=self._dead_lettered,
                refused=dict(self._refused),
            )

    def wake(self) -> None:
        """Let everybody who waits in `lease` ask again whether it is wanted."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Deliver nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _expire(self, now: float) -> None:
        late = [held.ack_id for held in self._leases.values() if held.expires_at <= now]
        for ack_id in late:
            self.nack(ack_id, EXPIRED)

    def _take(self, now: float, limit: int) -> list[Lease]:
        taken: list[Lease] = []
        while self._waiting and self._waiting[0].due_at <= now and len(taken) < limit:
            entry = heapq.heappop(self._waiting)
            ack_id = f"{entry.message.message_id}:{next(self._serials)}"
            expires_at = now + self.ack_deadline_s
            lease = Lease(ack_id, entry.message, entry.attempts + 1, expires_at)
            self._leases[ack_id] = lease
            taken.append(lease)
        self._delivered += len(taken)
        if taken:
            # This thread leaves to deliver; another must watch what is due next.
            self._changed.notify()
        return taken

    def _sleep(self, now: float, give_up_at: float) -> None:
        events = [give_up_at, *(held.expires_at for held in self._leases.values())]
        if self._waiting:
            events.append(self._waiting[0].due_at)
        wake_at = min(events)
        self._changed.wait(None if wake_at == math.inf else max(0.0, wake_at - now))
