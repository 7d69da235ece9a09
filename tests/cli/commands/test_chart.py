"""chart: what a list showed at a moment, on the data that a demo leaves behind."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.__main__ import app
from cli.commands.chart import ListName
from cli.errors import Exit
from cli.options import moment
from shared import sql_files
from tests.cli.demo_data import as_demo

pytestmark = pytest.mark.emulator

type Ask = Callable[..., Result]

DAY = "2026-03-10"
OF_DAY = {"list_name": "chart", "snapshot_date": DAY, "code_version": "compute-00007"}
FIRST = OF_DAY | {
    "run_id": f"daily-{DAY}",
    "published_at": f"{DAY}T09:00:00Z",
    "content_hash": "a",
}
SECOND = OF_DAY | {
    "run_id": f"metrics-{DAY}-{DAY}",
    "published_at": f"{DAY}T10:30:00Z",
    "content_hash": "b",
}
WITHHELD = {
    "run_id": f"day-{DAY}",
    "run_date": DAY,
    "mode": "day",
    "event": "DAY_WITHHELD",
    "code_version": "cli",
    "logged_at": f"{DAY}T12:00:00Z",
}
PLANNED = {
    "run_id": f"daily-{DAY}",
    "run_date": DAY,
    "mode": "daily",
    "batch_no": 1,
    "batch_count": 1,
    "movie_ids": [1],
    "created_at": f"{DAY}T08:00:00Z",
}
LONG = "A title that is far too long to fit into one line of a terminal of 80 columns"


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store two vintages of a day that is withheld from noon, and an earlier day."""
    data = tmp_path_factory.mktemp("data")
    with as_demo(data) as sandbox:
        earlier = FIRST | {
            "snapshot_date": "2026-03-09",
            "published_at": "2026-03-09T09:00:00Z",
        }
        of_film = {"movie_id": 1, "title": "Film [1]", "popularity_wow_pct_change": 20}
        sandbox.load(
            "chart_history",
            [
                earlier | {"rank": 1, "movie_id": 9, "title": "Before"},
                earlier | {"list_name": "viral"},
                FIRST | {"rank": 1, "popularity": 1234.5, **of_film},
                FIRST | {"rank": 2, "popularity": 9, "movie_id": 2},
                SECOND | {"rank": 1, "popularity": 20, "movie_id": 3, "title": LONG},
                SECOND | {"rank": 2, "popularity": 12, **of_film},
            ],
        )
        sandbox.load("ingestion_log", [WITHHELD])
        sandbox.load("batch_plan", [PLANNED])
    return data


@pytest.fixture
def ask(demo_data: Path) -> Ask:
    return lambda *words: CliRunner().invoke(
        app,
        ["chart", *words, f"--data={demo_data}"],
        env={"PROJECT": None, "COLUMNS": "80"},
    )


def _lines(answer: Result) -> list[list[str]]:
    assert answer.exit_code == 0, answer.output
    lines = answer.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    return [re.split(r"  +", line.strip()) for line in lines]


def test_each_vintage_is_shown_as_it_was(ask: Ask) -> None:
    heading, _, *rows = _lines(ask(f"--as-of={DAY}T10:29"))
    assert heading == ["chart of 2026-03-10, vintage 1 of 2"]
    assert rows[-2:] == [
        ["1", "Film [1]", "1,234.50", "20.00", "-"],
        ["2", "movie 2", "9.00", "-", "-"],
    ]

    second = _lines(ask(f"--as-of={DAY}T10:30"))
    assert [row[0] for row in second[-2:]] == ["1", "2"]
    assert second[-2][1].startswith("A title that is")
    assert second[-1] == ["2", "Film [1]", "12.00", "20.00", "-"]
    assert second[1][0].endswith(f"10:30:00 UTC by metrics-{DAY}-{DAY}")


def test_a_day_that_was_withheld_then_is_not_shown(ask: Ask) -> None:
    """The day was withheld at noon: then the day before was shown."""
    assert _lines(ask(f"--as-of={DAY}"))[-1][:2] == ["1", "Before"]
    assert _lines(ask())[-1][:2] == ["1", "Before"]
    refused = ask(f"--day={DAY}")
    assert refused.exit_code == Exit.NOT_FOUND
    assert f"list chart of {DAY} was withheld at" in refused.stderr
    assert f"chart --day {DAY} --list chart --vintages" in refused.stderr


def test_the_vintages_say_who_came_and_went(ask: Ask) -> None:
    lines = _lines(ask(f"--day={DAY}", "--vintages"))
    first, second = (line for line in lines if line[0].isdigit())
    assert first == ["1", "2026-03-10 09:00:00", "2", "daily-2026-03-10"]
    # 3 entered, 2 left, and 1 moved from the first to the second place.
    assert second[:6] == ["2", "2026-03-10 10:30:00", "2", "1", "1", "1"]
    assert second[6].startswith("metrics-2026")
    rows = json.loads(ask(f"--day={DAY}", "--vintages", "--json").stdout)
    assert [row["entered"] for row in rows] == [None, 1]


def test_an_empty_list_is_an_answer(ask: Ask) -> None:
    answer = ask("--list=viral", "--as-of=2026-03-09T09:00:00Z")
    assert answer.exit_code == 0
    assert "the list was empty" in answer.stdout


def test_json_has_every_column(ask: Ask) -> None:
    [row] = json.loads(ask(f"--as-of={DAY}T09:00", "--limit=1", "--json").stdout)
    assert (row["rank"], row["movie_id"], row["vintage"]) == (1, 1, 1)
    assert row["popularity"] == 1234.5
    assert (
        "1 of 2 rows: write --limit 2"
        in ask(f"--as-of={DAY}T09:00", "--limit=1").stdout
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([f"--as-of={DAY}T08:59", f"--day={DAY}"], "was first published at"),
        (["--as-of=2026-03-01"], "has recorded no list chart up to"),
        (["--day=2026-03-08"], "no list chart of 2026-03-08"),
        (["--list=breakouts", "--vintages"], "has recorded no list breakouts"),
    ],
)
def test_a_list_that_was_not_shown_is_an_error_with_the_reason(
    ask: Ask, words: list[str], expected: str
) -> None:
    refused = ask(*words)
    assert refused.exit_code == Exit.NOT_FOUND
    assert expected in refused.stderr


def test_a_day_is_its_end_and_a_moment_is_utc() -> None:
    assert moment("2026-03-05") == datetime(2026, 3, 5, 23, 59, 59, 999_999, UTC)
    assert moment("2026-03-05T09:30Z") == datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def test_the_command_knows_the_lists_that_are_recorded() -> None:
    named = re.findall(r"STRUCT\('(\w+)'", sql_files.of_folder("gate")["record"])
    assert {*named} == {*ListName}
