"""The usage of days and months."""

from datetime import date

import pytest

from cli.costs import usage
from cli.costs.usage import Use

MAY, JUNE = date(2026, 5, 31), date(2026, 6, 1)
TIB = 1024**4
LEDGER = [
    {
        "day": JUNE,
        "metrics_bytes": 100,
        "tmdb_requests": 1_060,
        "tmdb_throttled": 2,
        "rows_streamed": 1_000,
    }
]


def test_jobs_and_ledger_meet_in_their_day() -> None:
    jobs = [(JUNE, TIB), (JUNE, None), (MAY, 2 * TIB)]
    days = usage.by_day(LEDGER, jobs, is_metered=True)

    assert list(days) == [MAY, JUNE]
    assert days[JUNE] == Use(2, TIB, 100, 1_060, 2, 1_000)
    # A TiB of queries, and 1,000 rows of 1 KiB at 0.01 for 200 MB.
    assert days[JUNE].usd == pytest.approx(6.25 + 1_024_000 / 200e6 * 0.01)


def test_the_free_allowance_is_a_months() -> None:
    may_2 = date(2026, 5, 2)
    days = usage.by_day([], [(may_2, TIB), (MAY, TIB), (JUNE, TIB)], is_metered=True)
    months = usage.by_month(days)

    assert list(months) == ["2026-05", "2026-06"]
    assert months["2026-05"].usd == pytest.approx(12.5)
    assert months["2026-05"].usd_beyond_free == pytest.approx(6.25)
    assert months["2026-06"].usd_beyond_free == 0


def test_bytes_that_nobody_counts_are_not_zero() -> None:
    days = usage.by_day(LEDGER, [(JUNE, 0), (MAY, 0)], is_metered=False)

    assert days[JUNE].bytes_billed is None
    assert days[JUNE].metrics_bytes is None
    assert (days[JUNE].usd, days[JUNE].usd_beyond_free) == (None, None)
    assert days[JUNE].queries == 1
    assert usage.by_month(days)["2026-06"].to_json()["usd"] is None
