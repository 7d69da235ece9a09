"""status: the hint and the details of a run, and the exit code of several."""

import pytest

from cli.commands.status import code_of, details_of, hint_of, newest_of_each_mode
from cli.errors import Exit
from tests.run_rows import run_state


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": "PARTIAL"}, "tmdb-traction dead-letters"),
        ({"state": "FAILED"}, "tmdb-traction dead-letters"),
        (
            {"state": "FAILED", "is_check_failed": True},
            "tmdb-traction validate --from 2026-06-01",
        ),
    ],
)
def test_a_run_that_failed_has_a_hint(changes: dict[str, object], text: str) -> None:
    assert hint_of(run_state(**changes)).startswith(text)


@pytest.mark.parametrize(
    "name", ["PLANNED", "FETCHING", "METRICS", "COMPLETE", "DONE", "PUBLISHED"]
)
def test_other_runs_have_none(name: str) -> None:
    assert hint_of(run_state(state=name)) == ""


def test_the_details_of_a_run_have_their_names() -> None:
    named = dict(details_of(run_state()))
    assert named["last event"] == "2026-06-01 09:01:35 UTC"
    assert named["TMDB requests"] == "1,003, 3 answered 429"
    # It reads exports: its batches request nothing of TMDB's API.
    assert named.keys() - dict(details_of(run_state(mode="history"))) == {
        "TMDB requests"
    }


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
    assert code_of(run_state(state=name) for name in names) is code


def test_of_each_mode_the_newest_counts() -> None:
    failed = {"mode": "weekly", "state": "PARTIAL"}
    runs = [run_state(), run_state(state="FAILED"), run_state(**failed)]
    judged = newest_of_each_mode(runs)
    assert [state.name for state in judged] == ["PUBLISHED", "PARTIAL"]
