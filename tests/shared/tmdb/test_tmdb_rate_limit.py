"""The token bucket, with a fake clock."""

import threading

import pytest

from shared.tmdb.rate_limit import LONGEST_PAUSE_S, TokenBucket


class Clock:
    """A clock that moves only during a sleep."""

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


def test_a_stalled_process_does_not_wake_to_send_all_at_once() -> None:
    """Of the threads that wait only one sleeps, so a late moment delays the others."""
    asleep: list[str] = []
    second, goes_on = threading.Event(), threading.Event()

    def sleep(_: float) -> None:
        asleep.append(threading.current_thread().name)
        if len(asleep) > 1:
            second.set()
        goes_on.wait(30)
        clock.now += 1

    clock = Clock()
    bucket = TokenBucket(10, clock.read, sleep)
    bucket.take()
    threads = [threading.Thread(target=bucket.take, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    is_burst = second.wait(0.3)
    goes_on.set()
    for thread in threads:
        thread.join(30)
    assert not is_burst


@pytest.mark.parametrize(
    ("rate", "late_s", "slept"),
    [
        (10, 0.0, [0.1, 0.1, 0.1]),
        # A delay of up to 0.1 s is caught up: the third is still sent at 100.2.
        (10, 0.04, [0.1, 0.06, 0.1]),
        # Of 0.9 s only 0.1 s: the third is sent at once, the fourth 0.1 s later.
        (10, 0.9, [0.1, 0.1]),
        # At TMDB's limit nothing is caught up: a 41st request in a second is refused.
        (40, 0.01, [0.025, 0.025, 0.025]),
    ],
)
def test_little_lateness_is_made_up_for_and_much_is_not(
    rate: float, late_s: float, slept: list[float]
) -> None:
    clock = Clock()
    late = iter([late_s])

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        clock.now += next(late, 0.0)

    bucket = TokenBucket(rate, clock.read, sleep)
    for _ in range(4):
        bucket.take()
    assert clock.slept == pytest.approx(slept)
