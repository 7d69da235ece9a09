"""Keep the values used last, safe for threads."""

import threading
from collections import OrderedDict
from collections.abc import Hashable

REMEMBERED = 1_000
"""Of each kind: scripts, trees, texts of parts, translations of about 20 kB."""


class Memory[K: Hashable, V]:
    """The values used last, at most REMEMBERED."""

    def __init__(self) -> None:
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return a value, and note its use."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def put(self, key: K, value: V) -> V:
        """Keep a value; return it."""
        with self._lock:
            self._values[key] = value
            while len(self._values) > REMEMBERED:
                self._values.popitem(last=False)
        return value

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._values.clear()
