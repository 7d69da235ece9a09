"""A thread-safe cache that drops the least recently used values."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

REMEMBERED = 1_000
"""Values of each kind: scripts, trees, texts, translations of about 20 kB."""


class Memory[K: Hashable, V]:
    """The REMEMBERED values that were used last."""

    def __init__(self) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return a value, which is then the one used last."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        """Store a value; return it."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > REMEMBERED:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        """Drop all values."""
        with self._lock:
            self._values.clear()
