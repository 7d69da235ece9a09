"""Recent: an answer is shared for some seconds, and one thread at a time asks."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from shared.recent import Recent


def test_an_answer_is_shared_until_it_is_too_old() -> None:
    recent, answers = Recent[int](), count()
    assert recent.get(lambda: next(answers)) == 0
    assert recent.get(lambda: next(answers)) == 0
    assert recent.get(lambda: next(answers), max_age_s=0.0) == 1
    assert recent.get(lambda: next(answers)) == 1


def test_threads_that_come_together_get_one_answer() -> None:
    recent, answers, came = Recent[int](), count(), threading.Barrier(8)

    def get(_: int) -> int:
        came.wait()
        return recent.get(lambda: next(answers))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(get, range(8))) == [0] * 8


def test_an_error_is_not_kept() -> None:
    recent = Recent[int]()

    def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        recent.get(fail)
    assert recent.get(lambda: 7) == 7
