"""Ranges of days: around days that are left out, and in halves."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from functions.compute_metrics import spans

DAY = date(2026, 3, 10)
DAYS = st.dates(DAY, DAY + timedelta(40))


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += timedelta(1)


def test_a_range_is_cut_around_the_days_that_are_left_out() -> None:
    day = [DAY + timedelta(n) for n in range(6)]

    cut = spans.without((day[0], day[5]), frozenset({day[2], day[3], day[5]}))
    assert list(cut) == [(day[0], day[1]), (day[4], day[4])]
    assert list(spans.without((day[0], day[0]), frozenset({day[0]}))) == []
    assert list(spans.without((day[0], day[5]), frozenset())) == [(day[0], day[5])]


@given(st.tuples(DAYS, DAYS).map(sorted), st.frozensets(DAYS))
def test_spans_cover_the_other_days_once_in_order_and_as_few_as_can_be(
    ends: list[date], left_out: frozenset[date]
) -> None:
    from_date, to_date = ends
    cut = list(spans.without((from_date, to_date), left_out))

    covered = [day for start, end in cut for day in _days(start, end)]
    wanted = [day for day in _days(from_date, to_date) if day not in left_out]
    assert covered == wanted
    assert all(end + timedelta(1) < start for (_, end), (start, _) in pairwise(cut))


@given(DAYS, st.integers(2, 400))
def test_halves_are_as_long_in_order_and_cover_every_day(
    first: date, count: int
) -> None:
    older, newer = spans.halves((first, first + timedelta(count - 1)))

    lengths = [(end - start).days + 1 for start, end in (older, newer)]
    assert sum(lengths) == count
    assert lengths[0] - lengths[1] in (0, 1)
    assert older[0] == first
    assert newer[0] == older[1] + timedelta(1)
