"""Store topics and subscriptions, and route messages from one to the other.

The two gRPC services call it. It raises `RefusedError` with Pub/Sub's messages.
"""

import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from google.pubsub_v1 import types

from emulators.pubsub.message import Lease, Message, dead_letter_attributes
from emulators.pubsub.push import PushWorkers
from emulators.pubsub.settings import (
    Behaviour,
    RefusedError,
    SubscriptionSettings,
)
from emulators.pubsub.subscription import Subscription, SubscriptionStats

_DELETED_TOPIC = "_deleted-topic_"
_DUPLICATE_WITHIN_S = 0.5
_JOIN_TIMEOUT_S = 0.8


@dataclass(slots=True)
class _Entry:
    spec: types.Subscription
    queue: Subscription
    workers: PushWorkers | None = None


class Broker:
    """All the state, in memory, with one lock; messages are delivered outside it."""

    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._random = random.Random(behaviour.seed)
        self._lock = threading.RLock()
        # Ids begin at the present time: tables store them, also over restarts.
        self._message_ids = itertools.count(time.time_ns() // 1000)
        self._topics: dict[str, types.Topic] = {}
        self._subscriptions: dict[str, _Entry] = {}
        self._all_workers: list[PushWorkers] = []
        self.loses: Callable[[str, bytes], bool] = lambda _topic, _data: False

    def create_topic(self, topic: types.Topic) -> None:
        """Add a topic; refuse a name that exists."""
        with self._lock:
            if topic.name in self._topics:
                raise RefusedError("ALREADY_EXISTS", "Topic already exists")
            self._topics[topic.name] = topic

    def topic(self, name: str) -> types.Topic:
        """Return a topic; refuse an unknown name."""
        with self._lock:
            if name not in self._topics:
                raise RefusedError("NOT_FOUND", f"Topic not found: {name}")
            return self._topics[name]

    def delete_topic(self, name: str) -> None:
        """Delete a topic; its subscriptions and their messages stay, as in Pub/Sub."""
        with self._lock:
            self.topic(name)
            del self._topics[name]
            for entry in self._subscriptions.values():
                if entry.spec.topic == name:
                    entry.spec.topic = _DELETED_TOPIC

    def topics(self, project: str) -> list[types.Topic]:
        """Return the topics of a project, given as projects/ID."""
        with self._lock:
            return [
                topic
                for name, topic in self._topics.items()
                if name.startswith(f"{project}/")
            ]

    def publish(
        self,
        topic: str,
        data: bytes,
        attributes: Mapping[str, str],
        ordering_key: str = "",
    ) -> str:
        """Copy a message to each subscription of the topic; return its id."""
        with self._lock:
            self.topic(topic)
            message_id = str(next(self._message_ids))
            if self.loses(topic, data):
                return message_id
            message = Message(
                message_id, datetime.now(UTC), data, attributes, ordering_key
            )
            for entry in self._subscriptions.values():
                if entry.spec.topic == topic:
                    self._offer(entry.queue, message)
            return message_id

    def create_subscription(
        self, spec: types.Subscription, settings: SubscriptionSettings
    ) -> None:
        """Deliver by `settings` from now on; `spec` is returned to clients."""
        with self._lock:
            if settings.name in self._subscriptions:
                raise RefusedError("ALREADY_EXISTS", "Subscription already exists")
            self.topic(settings.topic)
            if settings.dead_letter_topic:
                self.topic(settings.dead_letter_topic)
            queue = Subscription(settings, self._behaviour, self._lock, self._bury)
            self._subscriptions[settings.name] = entry = _Entry(spec, queue)
            self._start_push(entry)

    def subscription(self, name: str) -> types.Subscription:
        """Return a subscription as it was created."""
        return self._entry(name).spec

    def queue(self, name: str) -> Subscription:
        """Return the queue of a subscription."""
        return self._entry(name).queue

    def delete_subscription(self, name: str) -> None:
        """Delete a subscription; deliveries in progress continue, uncounted."""
        with self._lock:
            entry = self._entry(name)
            del self._subscriptions[name]
            entry.queue.close()

    def subscriptions(self, project: str) -> list[types.Subscription]:
        """Return the subscriptions of a project, given as projects/ID."""
        with self._lock:
            return [
                entry.spec
                for name, entry in self._subscriptions.items()
                if name.startswith(f"{project}/")
            ]

    def modify_push(self, name: str, push: types.PushConfig) -> None:
        """Push to another endpoint from now on; an empty one makes it a pull."""
        with self._lock:
            entry = self._entry(name)
            entry.spec.push_config = push
            if entry.workers:
                entry.workers.finish()
            self._start_push(entry)

    def stats(self) -> dict[str, SubscriptionStats]:
        """Return the counts so far, by full subscription name."""
        with self._lock:
            return {
                name: entry.queue.stats() for name, entry in self._subscriptions.items()
            }

    def idle(self) -> bool:
        """Return whether no push subscription has a message waiting or in delivery."""
        with self._lock:
            pushed = [e.queue for e in self._subscriptions.values() if e.queue.pushes]
            return not any(s.ready or s.leased for s in (q.stats() for q in pushed))

    def stop(self) -> None:
        """Abort deliveries in progress, and end all threads."""
        with self._lock:
            workers = list(self._all_workers)
            for entry in self._subscriptions.values():
                entry.queue.close()
        for group in workers:
            group.abort()
        give_up_at = time.monotonic() + _JOIN_TIMEOUT_S
        for group in workers:
            group.join(give_up_at - time.monotonic())

    def _entry(self, name: str) -> _Entry:
        with self._lock:
            if name not in self._subscriptions:
                raise RefusedError("NOT_FOUND", f"Subscription not found: {name}")
            return self._subscriptions[name]

    def _start_push(self, entry: _Entry) -> None:
        endpoint = entry.spec.push_config.push_endpoint
        entry.queue.pushes = bool(endpoint)
        entry.workers = None
        if endpoint:
            threads = self._behaviour.concurrency(entry.queue.settings.name)
            entry.workers = PushWorkers(entry.queue, endpoint, threads)
            self._all_workers.append(entry.workers)

    def _offer(self, queue: Subscription, message: Message) -> None:
        queue.offer(message)
        if self._random.random() < self._behaviour.duplicate_rate:
            wait_s = self._random.random() * _DUPLICATE_WITHIN_S
            queue.offer(message, wait_s=wait_s * self._behaviour.time_scale)

    def _bury(self, queue: Subscription, lease: Lease) -> bool:
        """Move a message to the dead letters; False if their topic was deleted."""
        topic = queue.settings.dead_letter_topic
        if topic not in self._topics:
            return False
        self.publish(
            topic,
            lease.message.data,
            dead_letter_attributes(lease, queue.settings.name),
            lease.message.ordering_key,
        )
        return True
