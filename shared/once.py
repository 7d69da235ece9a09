"""Once: a function that makes something in, the same function made once out."""

import functools
import threading
from collections.abc import Callable


def once[T](make: Callable[[], T]) -> Callable[[], T]:
    """Call `make` on the first call, and return what it made on every call.

    functools.cache lets the first requests of an instance, which come at once, each
    make their own: eight token buckets are no rate limit. An error is not kept.
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
