"""Plans: what each mode tracks and fetches."""

from collections.abc import Iterator
from datetime import date, timedelta

from functions.ingest_changes.plan import (
    DELETED_AT_TMDB,
    OUTSIDE_THE_TOP,
    Plan,
    Tracked,
    history_days,
    plan_daily,
    plan_initial,
    plan_weekly,
    survey,
)
from shared.ports import ChangedMovie, ExportRow, ListedMovie

DAY = date(2026, 3, 1)
TOP = [ListedMovie(680, 90.0), ListedMovie(13, 50.0)]


def _days_ago(days: int) -> date:
    return DAY - timedelta(days=days)


def _asked(plan: Plan) -> list[int]:
    return [movie_id for batch in plan.batches for movie_id in batch.movie_ids]


def _by_id(plan: Plan) -> dict[int, Tracked]:
    return {movie.movie_id: movie for movie in plan.tracked}


def _export(*rows: tuple[int, float, bool]) -> Iterator[ExportRow]:
    return (ExportRow(*row) for row in rows)


def test_a_survey_finds_the_top_features_and_the_wanted_movies() -> None:
    rows = _export((1, 5.0, True), (2, 9.0, False), (3, 7.0, True), (4, 1.0, True))
    found = survey(rows, 2, {4, 99})
    assert found.top == [ListedMovie(3, 7.0), ListedMovie(1, 5.0)]
    assert found.popularity == {4: 1.0, 3: 7.0, 1: 5.0}


def test_equal_popularity_is_ranked_by_id() -> None:
    rows = _export((9, 5.0, True), (3, 5.0, True), (6, 5.0, True))
    assert [movie.movie_id for movie in survey(rows, 2, ()).top] == [3, 6]


def test_a_survey_without_a_top_still_reads_every_row() -> None:
    rows = _export((1, 5.0, True), (4, 1.0, True))
    found = survey(rows, 0, {4})
    assert (found.top, found.popularity) == ([], {4: 1.0})
    assert next(rows, None) is None


def test_an_initial_run_tracks_and_fetches_the_top() -> None:
    plan = plan_initial(DAY, [], TOP)
    assert _asked(plan) == [680, 13]
    assert _by_id(plan)[680] == Tracked(680, DAY, DAY, rank=1, popularity=90.0)


def test_an_initial_run_keeps_what_was_tracked_before() -> None:
    old = Tracked(5, _days_ago(9), _days_ago(9), rank=1)
    plan = plan_initial(DAY, [old], TOP)
    assert _asked(plan) == [680, 13]
    assert _by_id(plan)[5] == Tracked(5, _days_ago(9), _days_ago(9), rank=None)


def test_a_daily_run_fetches_all_that_is_tracked_most_popular_first() -> None:
    old = Tracked(5, _days_ago(9), _days_ago(2))
    retired = Tracked(6, _days_ago(99), _days_ago(50), retired_on=_days_ago(9))
    plan = plan_daily(DAY, [old, retired], TOP, {})
    assert _asked(plan) == [680, 13, 5]
    assert plan.movies == 3


def test_a_movie_back_in_the_top_is_tracked_again() -> None:
    retired = Tracked(
        13,
        _days_ago(99),
        _days_ago(50),
        retired_on=_days_ago(9),
        retired_reason=OUTSIDE_THE_TOP,
    )
    movie = _by_id(plan_daily(DAY, [retired], TOP, {}))[13]
    assert movie == Tracked(13, _days_ago(99), DAY, rank=2, popularity=50.0)


def test_edits_are_noted_on_tracked_movies_only() -> None:
    edits = {
        _days_ago(2): [ChangedMovie(13, is_deleted=False)],
        _days_ago(1): [ChangedMovie(13, is_deleted=False), ChangedMovie(7, False)],  # noqa: FBT003
    }
    plan = plan_daily(DAY, [], TOP, edits)
    assert _by_id(plan)[13].changed_on == _days_ago(1)
    assert 7 not in _by_id(plan)


def test_a_movie_deleted_at_tmdb_is_retired_and_not_fetched() -> None:
    edits = {_days_ago(1): [ChangedMovie(13, is_deleted=True)]}
    plan = plan_daily(DAY, [], TOP, edits)
    assert _asked(plan) == [680]
    assert _by_id(plan)[13].retired_reason == DELETED_AT_TMDB


def test_a_weekly_run_retires_what_is_long_outside_the_top() -> None:
    edge = Tracked(1, _days_ago(60), _days_ago(30))
    over = Tracked(2, _days_ago(60), _days_ago(31))
    plan = plan_weekly(DAY, [edge, over])
    assert _asked(plan) == [1]
    assert _by_id(plan)[2].retired_on == DAY
    assert _by_id(plan)[2].retired_reason == OUTSIDE_THE_TOP


def test_nothing_is_remembered_longer_than_the_terms_allow() -> None:
    kept = Tracked(1, _days_ago(400), _days_ago(300), retired_on=_days_ago(180))
    gone = Tracked(2, _days_ago(400), _days_ago(300), retired_on=_days_ago(181))
    assert list(_by_id(plan_weekly(DAY, [kept, gone]))) == [1]
    assert 2 not in _by_id(plan_daily(DAY, [kept, gone], TOP, {}))


def test_a_late_run_moves_no_movie_back_in_time() -> None:
    movie = Tracked(13, _days_ago(9), DAY, rank=1)
    plan = plan_daily(_days_ago(3), [movie], TOP, {})
    assert _by_id(plan)[13].last_in_top_on == DAY


def test_a_tracked_movie_survives_the_table() -> None:
    movie = Tracked(13, _days_ago(9), DAY, rank=1, popularity=2.5, changed_on=DAY)
    row = movie.to_row("daily-2026-03-01")
    assert row["last_in_top_on"] == "2026-03-01"
    assert row["retired_on"] is None
    assert row["updated_by_run"] == "daily-2026-03-01"


def test_history_ends_with_the_day_of_the_run() -> None:
    days = history_days(DAY, 90)
    assert (days[0], days[-1], len(days)) == (date(2025, 12, 2), DAY, 90)
