"""How long a subscription waits before it delivers again, and how often it does."""

from emulators.pubsub.settings import SubscriptionSettings
from tests.emulators.pubsub.both_ends import (
    DEAD_LETTERS,
    FETCH,
    TOPIC,
)


def settings(
    backoff_s: tuple[float, float] | None, dead_letter_topic: str | None = None
) -> SubscriptionSettings:
    return SubscriptionSettings(FETCH, TOPIC, 10, backoff_s, dead_letter_topic, 5)


def test_waits_double_up_to_the_longest() -> None:
    def waits(backoff_s: tuple[float, float] | None, *, pushes: bool) -> list[float]:
        return [
            settings(backoff_s).redelivery_wait_s(attempt, pushes=pushes)
            for attempt in (1, 2, 3, 7, 100_000)
        ]

    assert waits((10, 600), pushes=True) == [10, 20, 40, 600, 600]
    assert waits((10, 600), pushes=False) == [10, 20, 40, 600, 600]
    assert waits(None, pushes=True) == [0.1, 0.2, 0.4, 6.4, 60]
    assert waits(None, pushes=False) == [0, 0, 0, 0, 0]


def test_without_dead_letters_no_attempt_is_the_last() -> None:
    assert not settings(None).is_last(100_000)
    assert [settings(None, DEAD_LETTERS).is_last(n) for n in (4, 5)] == [False, True]
