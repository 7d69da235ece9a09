"""How a run's state reads, and the code it gives."""

import pytest

from cli.errors import Exit
from cli.runs.state import State, code_of, newest_of_each_mode

ROW = {
    "run_id": "daily-2026-06-01",
    "mode": "daily",
    "run_date": "2026-06-01",
    "state": "PUBLISHED",
    "batches_total": 20,
    "batches_done": 20,
    "expected": 1_000,
    "fetched": 998,
    "not_found": 2,
    "failed": 0,
    "rows_visible": 998,
    "coverage": 1.0,
    "is_check_failed": False,
    "seconds": 95.4,
}


def _state(**changes: object) -> State:
    return State({**ROW, **changes})


@pytest.mark.parametrize(
    ("changes", "words", "hint"),
    [
        ({}, "published, 998 of 1,000 movies in 95 s", ""),
        (
            {"state": "PARTIAL", "fetched": 900, "rows_visible": 900, "coverage": 0.9},
            "partial, 900 of 1,000 movies (90.0%)",
            "tmdb-traction dead-letters",
        ),
        (
            {"state": "FAILED", "is_check_failed": True},
            "failed: a check found what must not be published",
            "tmdb-traction validate --from 2026-06-01",
        ),
        (
            {"state": "FAILED", "fetched": 0, "rows_visible": 0},
            "failed: its time is up with 0 of 1,000 movies",
            "tmdb-traction dead-letters",
        ),
        ({"state": "METRICS"}, "computing metrics, 998 of 1,000 movies", ""),
        ({"state": "COMPLETE"}, "complete, 998 of 1,000 movies", ""),
        (
            {"state": "FETCHING", "fetched": 50, "batches_done": 1, "rows_visible": 75},
            "fetching, 75 of 1,000 movies, 1 of 20 batches",
            "",
        ),
        ({"state": "PLANNED"}, "planned, 1,000 movies in 20 batches", ""),
        ({"mode": "history"}, "published, 998 of 1,000 movie-days", ""),
    ],
)
def test_a_state_is_a_sentence_with_a_hint(
    changes: dict[str, object], words: str, hint: str
) -> None:
    state = _state(**changes)
    assert state.in_words().startswith(words)
    assert state.hint().startswith(hint)
    assert bool(state.hint()) is bool(hint)


def test_what_is_gone_is_settled() -> None:
    assert _state().settled == 1_000
    # More rows than batches have told of are there already, never more than expected.
    assert _state(rows_visible=2_000, not_found=0).fetched == 1_000


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["PUBLISHED", "PUBLISHED"], Exit.DONE),
        (["PUBLISHED", "DONE"], Exit.DONE),
        (["PUBLISHED", "METRICS"], Exit.IN_PROGRESS),
        (["PARTIAL", "PLANNED"], Exit.FAILED),
        (["FAILED"], Exit.FAILED),
    ],
)
def test_a_failed_run_outweighs_one_in_progress(names: list[str], code: Exit) -> None:
    assert code_of(_state(state=name) for name in names) is code


def test_of_each_mode_the_newest_counts() -> None:
    runs = [_state(), _state(state="FAILED"), _state(mode="weekly", state="PARTIAL")]
    judged = newest_of_each_mode(runs)
    assert [state.name for state in judged] == ["PUBLISHED", "PARTIAL"]
