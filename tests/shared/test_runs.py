"""Runs: names, and cutting a run into batches."""

from datetime import date

import pytest

from shared.runs import Mode, Run, cut_into_batches, cut_into_days


@pytest.mark.parametrize(
    "run",
    [
        Run(Mode.DAILY, date(2026, 3, 1)),
        Run(Mode.HISTORY, date(2026, 3, 1)),
        Run(Mode.HISTORY, date(2026, 3, 1), date(2026, 1, 2)),
    ],
)
def test_a_run_can_be_read_back_from_its_id(run: Run) -> None:
    assert Run.from_id(run.run_id) == run


@pytest.mark.parametrize("text", ["", "daily", "daily-2026-13-01", "hourly-2026-03-01"])
def test_what_is_no_run_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Run.from_id(text)


def test_batches_hold_every_id_once_and_know_their_place() -> None:
    batches = cut_into_batches(range(1, 122))
    assert [len(batch.movie_ids) for batch in batches] == [50, 50, 21]
    assert [(batch.batch_no, batch.batch_count) for batch in batches] == [
        (1, 3),
        (2, 3),
        (3, 3),
    ]
    assert [i for batch in batches for i in batch.movie_ids] == list(range(1, 122))


def test_no_movies_make_no_batches() -> None:
    assert cut_into_batches([]) == []


def test_each_export_day_is_a_batch() -> None:
    days = [date(2026, 1, 1), date(2026, 1, 2)]
    assert [batch.export_date for batch in cut_into_days(days)] == days
