"""explain: the command on the data that a demo leaves behind."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from emulators.bigquery import BigQueryEmulator
from local.tables import PROJECT, connect
from tests.cli.demo_data import as_demo
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

DAY = "2026-03-20"
EARLIER = "2026-03-14"
NEWEST = date.fromisoformat(DAY)
VIEWS = ("v_latest_score_explained", "v_movie_score_explained", "v_breakouts")
BREAKOUTS = {1: (0, 1_500), 2: (6, 600), 4: (7, 1_500), 5: (0, None)}
"""Movie -> days before NEWEST on which it broke out, and how often its article was read
on desktop, and on mobile, on each of the 2 days before that; on others it was 500."""


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
                {"movie_id": 4, "title": "Old News", "last_updated": DAY},
                {"movie_id": 5, "title": "No Article", "last_updated": DAY},
                {"movie_id": 6, "title": "Left", "last_updated": EARLIER},
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
                *(
                    {"movie_id": movie_id, "calculation_date": DAY, "popularity": 5}
                    for movie_id in (2, 4, 5)
                ),
                {"movie_id": 6, "calculation_date": EARLIER, "popularity": 5},
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
                *(
                    {
                        "movie_id": movie_id,
                        "calculation_date": DAY,
                        "history": "new",
                        "is_breakout_alarm": False,
                    }
                    for movie_id in (2, 4, 5)
                ),
                {
                    "movie_id": 6,
                    "calculation_date": EARLIER,
                    "history": "new",
                    "is_breakout_alarm": False,
                },
            ],
        )
        sandbox.make_small(NEWEST, NEWEST)
        _let_break_out(sandbox)
    return data


def _let_break_out(sandbox: Sandbox) -> None:
    starts = {n: NEWEST - timedelta(days=back) for n, (back, _) in BREAKOUTS.items()}
    sandbox.load(
        "catalogue_days",
        [
            {
                "snapshot_date": day,
                "has_votes": True,
                "is_catalogue_shift": False,
                "is_published": True,
            }
            for day in {*starts.values()} - {NEWEST}
        ],
    )
    sandbox.load(
        "movie_breakouts",
        [
            {
                "movie_id": movie_id,
                "calculation_date": day,
                "is_breakout_start": True,
                "is_breakout_confirmed": False,
            }
            for movie_id, day in starts.items()
        ],
    )
    sandbox.load(
        "movie_attention_daily",
        [
            {
                "movie_id": movie_id,
                "day": starts[movie_id] - timedelta(days=back),
                "hours": 24,
                "views_desktop": views if back <= 2 else 500,
                "views_mobile": views if back <= 2 else 500,
            }
            for movie_id, (_, views) in BREAKOUTS.items()
            if views
            for back in range(1, 36)
        ],
    )


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


def test_wikipedias_readers_say_whether_a_breakout_is_more_than_tmdbs(
    ask: Callable[..., Result],
) -> None:
    # 2 x 1,500 where 2 x 500 is usual; 2 x 600 where 2 x 500 is.
    assert (
        "  breakout of 2026-03-20. Wikipedia confirms it: the article was read 3.00 "
        "times as often as usual."
    ) in ask("1").output.splitlines()
    assert (
        "  breakout of 2026-03-14. Wikipedia shows no matching rise: the article was "
        "read 1.20 times as often as usual."
    ) in ask("2").output.splitlines()
    assert json.loads(ask("2", "--json").output)["breakout"] == {
        "started_on": "2026-03-14",
        "wikipedia_ratio": 1.2,
        "is_confirmed_by_wikipedia": False,
    }


@pytest.mark.parametrize(
    ("movie", "started_on"), [("4", None), ("5", DAY)], ids=["old", "no article"]
)
def test_without_a_breakout_or_readers_wikipedia_is_not_mentioned(
    ask: Callable[..., Result], movie: str, started_on: str | None
) -> None:
    answer = ask(movie)

    assert answer.exit_code == 0, answer.output
    assert "ikipedia" not in answer.output
    breakout = json.loads(ask(movie, "--json").output)["breakout"]
    assert (breakout and breakout["started_on"]) == started_on
    assert (breakout and breakout["wikipedia_ratio"]) is None


@pytest.mark.parametrize(
    ("words", "views"),
    [
        (["1"], ["v_latest_score_explained"]),
        (["1", f"--day={DAY}"], ["v_movie_score_explained"]),
        (["6"], ["v_latest_score_explained", "v_movie_score_explained"]),
    ],
    ids=["newest", "day", "tracked no longer"],
)
def test_a_score_and_its_breakout_are_one_query(
    ask: Callable[..., Result], demo_data: Path, words: list[str], views: list[str]
) -> None:
    before = set(_queries(demo_data))
    answer = ask(*words)

    assert answer.exit_code == 0, answer.output
    queries = _queries(demo_data)
    run = [sql for job_id, sql in queries.items() if job_id not in before]
    named = [[view for view in VIEWS if view in sql] for sql in run]
    assert [views for views in named if views] == [
        [view, "v_breakouts"] for view in views
    ]


def _queries(data: Path) -> dict[str, str]:
    """Return the queries that were run on stored data, oldest first, by job."""
    folder = data / "simulated/bigquery"
    with (
        BigQueryEmulator(folder, project=PROJECT) as emulator,
        closing(connect(emulator.url)) as client,
    ):
        jobs = sorted(client.list_jobs(), key=lambda job: job.created)
        return {job.job_id: job.query for job in jobs if job.job_type == "query"}


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
