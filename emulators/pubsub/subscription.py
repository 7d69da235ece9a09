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
    """Counts of a subscription's events so far, and of its messages now.

    ready: messages to be delivered, also those in a back-off wait.
    leased: messages that are delivered and not yet answered.
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
    serial: int  # the order of messages that are due at the same time
    message: Message = field(compare=False)
    attempts: int = field(compare=False)


class Subscription:
    """The messages of a subscription: those that wait and those that are leased.

    pushes: whether it has a push endpoint, which decides the default back-off.
    """

    def __init__(
        self,
        settings: SubscriptionSettings,
        behaviour: Behaviour,
        lock: threading.RLock,
        bury: Callable[["Subscription", Lease], bool],
    ) -> None:
        """`lock` is the broker's.

        With one lock, a message on its way to the dead letters is always in one of the
        queues, and subscriptions that dead-letter to each other cannot deadlock.
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
        """The scaled ack deadline in seconds."""
        return self.settings.ack_deadline_s * self._behaviour.deadline_scale

    def offer(
        self, message: Message, *, wait_s: float = 0.0, attempts: int = 0
    ) -> None:
        """Add a message that is due in `wait_s` seconds."""
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
        """Wait for due messages; return [] after the timeout, or if not `wanted`."""
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
        """Acknowledge messages; ignore expired leases, as Pub/Sub does."""
        with self._changed:
            for ack_id in ack_ids:
                if self._leases.pop(ack_id, None):
                    self._acked += 1

    def nack(self, ack_id: str, reason: str) -> None:
        """Redeliver a message after the back-off, or move it to the dead letters."""
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
        """Let a lease expire after a number of seconds, which is scaled."""
        with self._changed:
            if old := self._leases.get(ack_id):
                expires_at = time.monotonic() + seconds * self._behaviour.deadline_scale
                lease = Lease(ack_id, old.message, old.attempt, expires_at)
                self._leases[ack_id] = lease
                self._changed.notify_all()

    def stats(self) -> SubscriptionStats:
        """Return all counts of one moment."""
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
        """Let threads that wait in `lease` check again whether they are `wanted`."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Stop all deliveries."""
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
            # This thread now delivers; another one must wait for what is due next.
            self._changed.notify()
        return taken

    def _sleep(self, now: float, give_up_at: float) -> None:
        events = [give_up_at, *(held.expires_at for held in self._leases.values())]
        if self._waiting:
            events.append(self._waiting[0].due_at)
        wake_at = min(events)
        self._changed.wait(None if wake_at == math.inf else max(0.0, wake_at - now))
