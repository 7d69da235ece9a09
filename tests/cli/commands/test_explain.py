"""explain: the command on the data that a demo leaves behind."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from tests.cli.demo_data import as_demo

pytestmark = pytest.mark.emulator

DAY = "2026-03-20"


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store a score of two movies as a demo does."""
    data = tmp_path_factory.mktemp("data")
    with as_demo(data) as sandbox:
        of_day = {"calculation_date": DAY, "viral_coefficient": 61}
        sandbox.load(
            "movies",
            [
                {"movie_id": 1, "title": "The [Long] Night", "last_updated": DAY},
                {"movie_id": 2, "title": "Night Train", "last_updated": DAY},
                {"movie_id": 3, "title": "Day Train", "last_updated": DAY},
            ],
        )
        sandbox.load(
            "catalogue_days",
            [
                {
                    "snapshot_date": DAY,
                    "has_votes": True,
                    "is_catalogue_shift": False,
                    "is_published": True,
                }
            ],
        )
        sandbox.load(
            "movie_metrics_aggregated",
            [
                {
                    **of_day,
                    "movie_id": 1,
                    "popularity": 20,
                    "momentum_status": "Rising",
                },
                {"movie_id": 2, "calculation_date": DAY, "popularity": 5},
            ],
        )
        sandbox.load(
            "movie_viral_signals",
            [
                {
                    **of_day,
                    "movie_id": 1,
                    "history": "full",
                    "is_breakout_alarm": True,
                    "votes_3d": 40,
                    "votes_3d_expected": 10,
                    "z_votes": 5,
                    "weight_of_votes": 0.75,
                    "popularity_now": 20,
                    "popularity_expected": 10,
                    "expected_level": "last_week",
                    "market_factor": 1.1,
                    "z_popularity": 2.5,
                    "surge": 3.5,
                    "popularity_growth_7d": 0,
                    "popularity_growth_z": 2.5,
                },
                {
                    "movie_id": 2,
                    "calculation_date": DAY,
                    "history": "new",
                    "is_breakout_alarm": False,
                },
            ],
        )
        sandbox.make_small(date.fromisoformat(DAY), date.fromisoformat(DAY))
    return data


@pytest.fixture
def ask(demo_data: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(
        app, ["explain", *words, f"--data={demo_data}"], env={"PROJECT": None}
    )


def test_a_score_is_taken_apart(ask: Callable[..., Result]) -> None:
    answer = ask("1")

    assert answer.exit_code == 0, answer.output
    assert "The [Long] Night (movie 1) on 2026-03-20" in answer.output
    assert "61.0 of 100: Highly Viral, above 0 % of the day's movies" in answer.output
    # (0.75 * 2.5 + 2.5) / 1.25 = 1.5 + 2; 10 in a market 10 % up is 11.
    numbers = [re.findall(r"[\d.]+", line) for line in answer.output.splitlines()]
    assert ["3", "40.00", "10.00", "2.50", "0.75", "1.50"] in numbers
    assert ["20.00", "11.00", "2.50", "1.00", "2.00"] in numbers
    assert "surge 3.50 gives" in answer.output
    assert "popularity is compared with last_week" in answer.output
    assert "momentum Rising: +0% on last week" in answer.output
    assert "v_top_viral_movies: on it" in answer.output
    assert "v_top_gaining_movies: not on it: no popularity 7 to 9 days" in answer.output


def test_a_title_finds_its_movie_and_json_says_everything(
    ask: Callable[..., Result],
) -> None:
    row = json.loads(ask("night TRAIN", "--json").output)

    assert (row["movie_id"], row["history"]) == (2, "new")
    assert row["not_in_top_viral_because"] == "no coefficient: history is new"


def test_without_a_score_the_reason_is_shown(ask: Callable[..., Result]) -> None:
    assert "no viral coefficient: history is new" in ask("2").output


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["night"], "2 movies; name one by its id:\n  2  Night Train"),
        (["99"], "no movie '99': it is not tracked"),
        (["1", "--day=2026-03-19"], "no score of movie 1 on 2026-03-19"),
        (["3"], "no score of movie 3 on any published day"),
    ],
)
def test_what_cannot_be_explained_says_why(
    ask: Callable[..., Result], words: list[str], expected: str
) -> None:
    answer = ask(*words)

    assert answer.exit_code == 1
    assert expected in answer.output


def test_before_any_demo_the_way_is_shown(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app, ["explain", "1", f"--data={tmp_path}"], env={"PROJECT": None}
    )

    assert answer.exit_code == 3
    assert "run `make demo` or `make local` first" in answer.output
