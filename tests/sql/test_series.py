"""A series in a given.yaml expands to the rows that it abbreviates."""

from datetime import date
from typing import Any

import pytest

from tests.sql.series import expand

SNAPSHOTS = "movie_daily_snapshots"
FIRST = date(2026, 2, 27)


def _expanded(**row: Any) -> list[tuple[Any, ...]]:
    return [tuple(each.values()) for each in expand(SNAPSHOTS, row)]


def test_a_row_without_a_series_is_itself() -> None:
    row = {"movie_id": 1, "movie_ids": [1, 2]}
    assert [*expand("batch_plan", row)] == [row]


def test_a_series_is_a_row_a_day_across_months() -> None:
    rows = [
        *expand(SNAPSHOTS, {"movie_id": 1, "series": FIRST, "popularity": [8, 9.5]})
    ]
    assert rows == [
        {"movie_id": 1, "snapshot_date": date(2026, 2, 27), "popularity": 8},
        {"movie_id": 1, "snapshot_date": date(2026, 2, 28), "popularity": 9.5},
    ]
    [_, _, last] = _expanded(series=FIRST, popularity=["1 x 3"])
    assert last == (date(2026, 3, 1), 1)


def test_elements_are_repeated_stepped_unknown_or_without_a_row() -> None:
    rows = _expanded(
        series=FIRST,
        popularity=["8 x 2", "null x 2", "gap x 3", "2.5 x 1"],
        vote_count=["10..16 by 2", "gap", "gap x 2", None],
    )
    assert rows == [
        (date(2026, 2, 27), 8, 10),
        (date(2026, 2, 28), 8, 12),
        (date(2026, 3, 1), None, 14),
        (date(2026, 3, 2), None, 16),
        (date(2026, 3, 6), 2.5, None),
    ]


def test_steps_go_down_too() -> None:
    rows = _expanded(series=FIRST, vote_count=["4..0 by -2"])
    assert [votes for _, votes in rows] == [4, 2, 0]


def test_a_range_of_days_needs_no_list() -> None:
    [first, _, last] = expand("catalogue_days", {"series": "2026-02-27..2026-03-01"})
    assert first == {"snapshot_date": date(2026, 2, 27)}
    assert last == {"snapshot_date": date(2026, 3, 1)}


@pytest.mark.parametrize(
    "row",
    [
        {"series": FIRST},
        {"series": FIRST, "popularity": [1, 2], "vote_count": [1]},
        {"series": "2026-02-27..2026-02-28", "popularity": [1]},
        {"series": FIRST, "popularity": ["gap", 2], "vote_count": [1, 2]},
        {"series": "February"},
        {"series": FIRST, "popularity": ["many"]},
        {"series": FIRST, "popularity": ["1..4 by 2"]},
        {"series": FIRST, "popularity": ["4..1 by 1"]},
        {"series": FIRST, "popularity": ["1..1 by 0"]},
    ],
    ids=str,
)
def test_a_series_that_can_be_read_in_two_ways_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"series|row|end"):
        [*expand(SNAPSHOTS, row)]
