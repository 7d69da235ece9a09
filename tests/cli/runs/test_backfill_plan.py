"""What a backfill does for a day, by what is known of it."""

from datetime import date, timedelta

import pytest

from cli.runs.backfill_plan import (
    Known,
    Need,
    Todo,
    as_spans,
    decide,
    need,
)
from functions.ingest_changes.plan import oldest_export
from shared.days import days_of

TODAY = date(2026, 6, 30)
NEWEST = date(2026, 6, 29)
DAY = date(2026, 6, 10)
OLDEST = date(2026, 4, 2)


def test_ninety_days_of_exports_end_with_today() -> None:
    assert oldest_export(TODAY) == OLDEST
    assert len(days_of(OLDEST, TODAY)) == 90


@pytest.mark.parametrize(
    ("day", "known", "again", "expected"),
    [
        (DAY, Known(), False, Need.LOAD),
        (DAY, Known(movies=9, exported=9), False, Need.COMPUTE),
        (DAY, Known(movies=9, exported=9, metrics=9), False, Need.THERE),
        # Its run came before its export, and has popularity from details.
        (DAY, Known(movies=9, metrics=9), False, Need.LOAD),
        (DAY, Known(movies=9, metrics=9, is_tried=True), False, Need.THERE),
        (DAY, Known(movies=9, is_tried=True), False, Need.COMPUTE),
        (DAY, Known(movies=9, metrics=9, is_tried=True), True, Need.LOAD),
        (DAY, Known(movies=9, metrics=9), True, Need.LOAD),
        (DAY, Known(movies=9, metrics=9, has_run=True), True, Need.COMPUTE),
        (DAY, Known(is_open=True), False, Need.UNDER_WAY),
        (DAY, Known(is_open=True, movies=9, metrics=9), True, Need.UNDER_WAY),
        (DAY, Known(is_tried=True), False, Need.NO_EXPORT),
        (DAY, Known(is_tried=True), True, Need.LOAD),
        (DAY, Known(is_tried=True, has_run=True), False, Need.NO_EXPORT),
        (DAY, Known(is_tried=True, has_run=True), True, Need.ASKED),
        (OLDEST, Known(), False, Need.LOAD),
        (OLDEST - timedelta(days=1), Known(), False, Need.TOO_OLD),
        (OLDEST - timedelta(days=1), Known(), True, Need.TOO_OLD),
        (OLDEST - timedelta(days=1), Known(movies=9), False, Need.COMPUTE),
        (OLDEST - timedelta(days=1), Known(movies=9, metrics=9), False, Need.THERE),
        (OLDEST - timedelta(days=1), Known(movies=9, metrics=9), True, Need.COMPUTE),
    ],
)
def test_a_day_needs(day: date, known: Known, expected: Need, *, again: bool) -> None:
    assert need(day, known, TODAY, again=again) is expected


def test_a_loaded_days_run_computes_the_days_after_it_too() -> None:
    there = Known(movies=9, exported=9)
    days = days_of(date(2026, 6, 1), date(2026, 6, 4))
    known = {days[0]: there, days[1]: there, days[3]: there}
    todo = decide(days, known, TODAY, NEWEST, again=False)

    assert todo.to_load == [days[2]]
    assert todo.to_compute == days[:2]
    assert [one.to_json() for one in todo.ingest_requests()] == [
        {"mode": "history_day", "run_date": "2026-06-29", "date": "2026-06-03"}
    ]
    assert [one.to_json() for one in todo.metrics_requests()] == [
        {"from": "2026-06-01", "to": "2026-06-02"}
    ]
    # The run computes June 3 to 29.
    assert (todo.run_days, todo.request_days) == ([27], 2)


def test_the_newest_export_is_requested_first() -> None:
    days = days_of(date(2026, 6, 1), date(2026, 6, 3))
    todo = decide(days, {}, TODAY, NEWEST, again=False)
    assert [one.export_date for one in todo.ingest_requests()] == days[::-1]


def test_what_is_stored_is_not_requested() -> None:
    todo = Todo(NEWEST, {DAY: Need.THERE})
    assert not todo.ingest_requests()
    assert not todo.metrics_requests()
    assert (todo.run_days, todo.request_days) == ([], 0)


def test_days_in_a_row_are_shown_as_ranges() -> None:
    first = date(2026, 2, 27)
    days = [first + timedelta(days=n) for n in (0, 1, 2, 5)]
    assert as_spans(days) == "2026-02-27 to 2026-03-01, 2026-03-04"
