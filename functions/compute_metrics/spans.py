"""Split a range of days into shorter ones. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta

type Span = tuple[date, date]
"""The first and the last day."""


def without(span: Span, left_out: frozenset[date]) -> Iterator[Span]:
    """Yield the ranges between the days that are left out."""
    start, last = span
    while start <= last:
        end = start
        while end <= last and end not in left_out:
            end += timedelta(days=1)
        if end > start:
            yield start, end - timedelta(days=1)
        start = end + timedelta(days=1)


def halves(span: Span) -> list[Span]:
    """Return the older and the newer half of a range of at least two days.

    The older comes first: a later day reads what is stored of earlier ones.
    """
    first, last = span
    middle = first + (last - first) // 2
    return [(first, middle), (middle + timedelta(days=1), last)]
