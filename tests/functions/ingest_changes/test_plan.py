"""Plans: what each mode tracks and fetches."""

from datetime import date, timedelta

import pytest

from functions.ingest_changes.plan import (
    Selected,
    band_of,
    days_without_export,
    edit_days,
    history_days,
    select,
)
from shared.interfaces import ChangedMovie, ListedMovie
from shared.runs import ExportDay

DAY = date(2026, 3, 1)
TOP = [ListedMovie(680, 90.0), ListedMovie(13, 50.0)]


def _days_ago(days: int) -> date:
    return DAY - timedelta(days=days)


def test_the_band_is_five_times_the_tracked_movies_while_memory_allows() -> None:
    assert band_of(1_000) == 5_000
    assert band_of(25_000) == 125_000
    assert band_of(100_000) == 200_000


def test_the_top_is_selected_by_rank() -> None:
    assert select(TOP, {}, ()) == [Selected(680, 1, 90.0), Selected(13, 2, 50.0)]


def test_the_newest_edit_of_a_known_movie_is_noted_and_of_no_other() -> None:
    edits = {
        _days_ago(1): [ChangedMovie(13, is_deleted=False), ChangedMovie(7, False)],  # noqa: FBT003
        _days_ago(2): [ChangedMovie(13, is_deleted=False), ChangedMovie(5, False)],  # noqa: FBT003
    }
    assert select(TOP, edits, {5}) == [
        Selected(680, 1, 90.0),
        Selected(13, 2, 50.0, changed_on=_days_ago(1)),
        Selected(5, changed_on=_days_ago(2)),
    ]


def test_a_deletion_is_no_less_one_for_a_later_edit() -> None:
    edits = {
        _days_ago(2): [ChangedMovie(13, is_deleted=True)],
        _days_ago(1): [ChangedMovie(13, is_deleted=False)],
    }
    found = select(TOP, edits, ())[1]
    assert found == Selected(13, 2, 50.0, _days_ago(1), is_deleted=True)


def test_history_ends_with_the_day_of_the_run() -> None:
    days = history_days(DAY, 90)
    assert (days[0], days[-1], len(days)) == (date(2025, 12, 2), DAY, 90)


@pytest.mark.parametrize(
    ("last", "edits", "missed"),
    [
        (None, (1, 1), None),  # no run before: yesterday's edits
        (1, (1, 1), None),
        (2, (2, 1), (1, 1)),
        (14, (14, 1), (13, 1)),
        (15, (14, 1), (14, 1)),
        (40, (14, 1), (39, 1)),
        (90, (14, 1), (89, 1)),
        (100, (14, 1), (89, 1)),  # with today's: the 90 exports that TMDB keeps
    ],
)
def test_edits_and_popularity_are_caught_up_as_far_as_each_is_kept(
    last: int | None, edits: tuple[int, int], missed: tuple[int, int] | None
) -> None:
    run = None if last is None else _days_ago(last)
    found = edit_days(run, DAY)
    assert found == [_days_ago(n) for n in range(edits[0], edits[1] - 1, -1)]
    wanted = [_days_ago(n) for n in range(missed[0], 0, -1)] if missed else []
    assert days_without_export(run, [], DAY) == wanted


def _exported(
    days_ago: int, *, is_loaded: bool = False, requests: int = 1
) -> ExportDay:
    return ExportDay(_days_ago(days_ago), is_loaded, requests)


@pytest.mark.parametrize(
    ("known", "wanted"),
    [
        ([], []),
        # A daily run loads its day's export itself, without a request.
        ([_exported(3, is_loaded=True, requests=0)], [2, 1]),
        ([_exported(n, is_loaded=True, requests=0) for n in (1, 2, 3)], []),
        # The run was before the export, or there is no export.
        ([_exported(3, is_loaded=True), _exported(1, is_loaded=True)], [2]),
        ([_exported(2, requests=2), _exported(1, is_loaded=True)], [2]),
        # After three requests, a file that cannot be loaded is not requested again.
        ([_exported(2, requests=3), _exported(1, is_loaded=True)], []),
        ([_exported(100), _exported(90)], [*range(89, 0, -1)]),
    ],
)
def test_a_later_run_wants_the_exports_that_past_days_lack(
    known: list[ExportDay], wanted: list[int]
) -> None:
    days = [_days_ago(n) for n in wanted]
    assert days_without_export(None, known, DAY) == days
