"""The token bucket, on a clock of its own."""

import pytest

from shared.tmdb.rate_limit import LONGEST_PAUSE_S, TokenBucket


class Clock:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def _bucket(rate: float) -> tuple[TokenBucket, Clock]:
    clock = Clock()
    return TokenBucket(rate, clock.read, clock.sleep), clock


def test_the_first_goes_at_once_and_the_others_one_by_one() -> None:
    bucket, clock = _bucket(rate=10)
    for _ in range(4):
        bucket.take()
    assert clock.slept == pytest.approx([0.1, 0.1, 0.1])


def test_a_new_rate_is_that_of_the_next_moments() -> None:
    bucket, clock = _bucket(rate=10)
    bucket.take()
    bucket.rate = 4
    for _ in range(3):
        bucket.take()
    assert clock.slept == pytest.approx([0.1, 0.25, 0.25])


def test_idle_time_is_not_saved_up_for_a_burst() -> None:
    bucket, clock = _bucket(rate=10)
    bucket.take()
    clock.now += 60
    bucket.take()
    bucket.take()
    assert clock.slept == pytest.approx([0.1])


def test_a_pause_holds_everybody_back() -> None:
    bucket, clock = _bucket(rate=10)
    bucket.take()
    bucket.pause(5)
    bucket.take()
    bucket.take()
    assert clock.now == pytest.approx(105.1)


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    bucket, clock = _bucket(rate=10)
    bucket.pause(5)
    bucket.pause(1)
    bucket.take()
    assert clock.now == pytest.approx(105.0)


def test_no_pause_is_endless() -> None:
    bucket, clock = _bucket(rate=10)
    bucket.pause(10**9)
    bucket.take()
    assert clock.now == pytest.approx(100 + LONGEST_PAUSE_S)


def test_who_waited_when_the_pause_came_waits_on() -> None:
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 1:  # while the second taker sleeps, the first gets a 429
            bucket.pause(3)

    bucket = TokenBucket(10, clock.read, sleep)
    bucket.take()
    bucket.take()
    assert clock.now == pytest.approx(103.1)
