"""Once: many threads, one thing."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.once import once


def test_threads_that_come_at_once_get_the_same_thing() -> None:
    started = threading.Barrier(8)

    @once
    def make() -> object:
        time.sleep(0.05)
        return object()

    def ask(_: int) -> object:
        started.wait()
        return make()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_an_error_is_not_kept() -> None:
    answers = iter([KeyError("GOOGLE_CLOUD_PROJECT"), "made"])

    @once
    def make() -> object:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    with pytest.raises(KeyError):
        make()
    assert make() == "made"
