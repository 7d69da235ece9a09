"""The pace of a run."""

import pytest

from cli.runs.pace import Pace


def test_nothing_is_known_at_first() -> None:
    pace = Pace()
    assert pace.is_new
    assert pace.rate is None
    pace.see(0, 10)
    assert not pace.is_new
    assert pace.rate is None
    assert pace.seconds_left(100) is None


def test_the_rest_takes_as_long_as_the_last_seconds_say() -> None:
    pace = Pace()
    for second in range(5):
        pace.see(second, 30 * second)
    assert pace.rate == pytest.approx(30)
    # 1,000 - 120 = 880 left, at 30 a second.
    assert pace.seconds_left(1_000) == pytest.approx(880 / 30)


def test_what_is_long_ago_does_not_count() -> None:
    pace = Pace()
    for second in range(0, 100, 5):
        pace.see(second, 30 * min(second, 50))
    assert pace.rate == 0
    assert pace.seconds_left(3_000) is None
