"""Create something once per process, even if many threads need it at the same time."""

import functools
import threading
from collections.abc import Callable


def once[T](make: Callable[[], T]) -> Callable[[], T]:
    """Call `make` on the first call, and return what it made on every call.

    With functools.cache, concurrent first requests would each create one: eight token
    buckets limit no rate. An error is not kept.
    """
    lock = threading.Lock()
    made: list[T] = []

    @functools.wraps(make)
    def get() -> T:
        with lock:
            if not made:
                made.append(make())
        return made[0]

    return get
