"""Every command: help, exit codes, wrong use, no project, no data, no traceback."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from math import ceil
from pathlib import Path

import pytest
import typer
from google.api_core.exceptions import (
    BadRequest,
    Forbidden,
    NotFound,
    ServiceUnavailable,
)
from google.auth.exceptions import DefaultCredentialsError
from typer.testing import CliRunner, Result

from cli import environment
from cli.__main__ import COMMANDS, app
from cli.command import command, documentation
from cli.commands import backfill, cost, explain, validate
from cli.errors import MEANINGS, Exit, OperatorError
from cli.options import Selector, span
from local import run_states
from shared.errors import StatementError, WarehouseUnavailableError
from tests.conftest import ROOT
from tests.sql.googlesql import googlesql

TODAY = date(2026, 6, 10)


@pytest.fixture(autouse=True)
def _nowhere() -> None:
    """Remove the variables that name a deployment."""
    for name in ("PROJECT", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
        os.environ.pop(name, None)


def _ask(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "200"})


@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
def test_help_says_what_it_does_and_how_it_ends(name: str) -> None:
    result = _ask(name, "--help")
    assert result.exit_code == 0
    assert re.search(r"Exit codes:\s+0 ", result.output)
    assert re.search(rf"Examples:\s+\$ tmdb-traction {name}\b", result.output)


def test_every_code_has_a_meaning_and_help_prints_it() -> None:
    assert set(MEANINGS) == set(Exit)
    text = " ".join(_ask("--help").output.split())
    for code, meaning in MEANINGS.items():
        assert f"{code:d} {meaning}" in text


def test_without_a_command_help_is_printed() -> None:
    assert _ask().output == _ask("--help").output


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("sta", ["status"]),
        ("re", ["remote-state", "replay-dead-letters"]),
        ("status --wa", ["--watch", "--wait-s"]),
    ],
)
def test_a_shell_completes_commands_and_options(typed: str, offered: list[str]) -> None:
    line = f"tmdb-traction {typed}"
    variables = {"COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
    variables["_TMDB_TRACTION_COMPLETE"] = "complete_bash"
    result = CliRunner().invoke(app, [], env=variables)
    assert result.output.split() == offered


_THEN_NAME_WHAT_WAS_IMPORTED = """
import atexit, sys
atexit.register(lambda: print("imported:", *sorted(sys.modules), file=sys.stderr))
from cli.__main__ import main
main()
"""
_IMPORTED_LATE = re.compile(
    r"(google\.(api_core|auth|cloud\.\w+|protobuf)|grpc|pyarrow)\b"
)


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["--help"], {}),
        (["status", "--help"], {}),
        (
            [],
            {
                "_TMDB_TRACTION_COMPLETE": "complete_bash",
                "COMP_WORDS": "tmdb-traction status --watch",
                "COMP_CWORD": "2",
            },
        ),
    ],
    ids=["help", "help of a command", "completion"],
)
def test_help_and_completion_import_none_of_googles_libraries(
    words: list[str], variables: dict[str, str]
) -> None:
    """Their import takes a second or more, and Tab is pressed often."""
    done = subprocess.run(  # noqa: S603 - this interpreter
        [sys.executable, "-c", _THEN_NAME_WHAT_WAS_IMPORTED, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | variables,
    )
    assert "status" in done.stdout or "--watch" in done.stdout, done.stderr
    _, imported = done.stderr.split("imported:")
    names = imported.split()
    assert "cli.commands.status" in names
    assert not [name for name in names if _IMPORTED_LATE.match(name)]


@pytest.mark.parametrize("name", [one.name for one in COMMANDS])
def test_help_fits_a_terminal_of_80_columns(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "80"})
    assert max(map(len, result.output.splitlines())) <= 80
    assert "…" not in result.output
    [work] = [one.work for one in COMMANDS if one.name == name]
    for example in documentation(work)[1]:
        assert f"$ {example} " in result.output, "an example is cut"


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["status", "nope"], "nope"),
        (["status", "--newest=0"], "--newest"),
        (["backfill"], "--from"),
        (["backfill", "--from=01.06.2026"], "--from"),
        (["backfill", "--from=2026-02-30"], "not a day of the calendar"),
        (["plan", "--limit=0"], "--limit"),
        (["plan", "--limit=many"], "--limit"),
        (["plan", "--history-days=91"], "--history-days"),
        (["cost", "--days=181"], "--days"),
        (["chart", "--as-of=yesterday"], "--as-of"),
        (["chart", "--as-of=2026-03-05T25:00"], "not a valid time"),
        (["chart", "--as-of=2026-02-30"], "not a day of the calendar"),
        (["chart", "--list=films"], "--list"),
        (["status", "--dataset=a.b"], "--dataset"),
        (["export", "movies"], "v_top_viral_movies"),
        (["export", "v_top_viral_movies", "--format=xlsx"], "--format"),
        (["export", "v_top_viral_movies", "--where=1; DROP TABLE x"], "--where"),
        (["export", "v_top_viral_movies", "--out=/nowhere/x.csv"], "--out"),
        (["export", "v_top_viral_movies", "--out=/dev/null", "--force"], "--out"),
    ],
)
def test_wrong_use_names_the_option(words: list[str], field: str) -> None:
    refused = _ask(*words)
    assert refused.exit_code == Exit.USAGE
    error, hint = refused.stderr.splitlines()
    assert error.startswith("error: ")
    assert field in error
    assert hint == f"hint: tmdb-traction {words[0]} --help"


def test_a_command_that_does_not_exist_is_one_error() -> None:
    refused = _ask("stats")
    assert refused.exit_code == Exit.USAGE
    assert refused.stderr == (
        "error: No such command 'stats'. Did you mean 'status'?\n"
        "hint: tmdb-traction --help\n"
    )


@pytest.mark.parametrize(
    "words",
    [
        ["status"],
        ["status", "--watch"],
        ["load", "--yes"],
        ["backfill", "--from=2026-06-01"],
        ["validate"],
        ["cost"],
        ["export", "v_top_viral_movies", "--out=unwritten.csv"],
        ["explain", "1"],
        ["chart"],
        ["dead-letters"],
        ["replay-dead-letters"],
    ],
)
def test_without_project_stack_and_data_the_way_is_shown(
    words: list[str], tmp_path: Path
) -> None:
    refused = _ask(*words, f"--data={tmp_path}")
    assert refused.exit_code == Exit.NOT_FOUND
    assert "make local" in refused.output
    assert "--project" in refused.output


def test_a_plan_needs_nothing_at_all(tmp_path: Path) -> None:
    planned = _ask("plan", "--limit=1000", f"--data={tmp_path}")
    assert planned.exit_code == 0, planned.output
    assert "1,060 at 30 a second" in planned.output
    assert "prices read" not in planned.output
    assert "price lists read in 20" in planned.output


@pytest.mark.parametrize(("movies", "is_long"), [(1_000, False), (200_000, True)])
def test_a_plan_says_when_a_load_takes_longer_than_a_run_may(
    movies: int, tmp_path: Path, *, is_long: bool
) -> None:
    planned = _ask("plan", f"--limit={movies}", "--rate=10", f"--data={tmp_path}")
    assert ("RUN_DEADLINE_S" in planned.output) == is_long


def test_a_plan_says_what_bigquery_would_refuse_and_what_to_do(tmp_path: Path) -> None:
    words = ("plan", "--limit=200000", f"--data={tmp_path}")
    assert "max_gib_billed" not in _ask(*words).output
    planned = " ".join(_ask(*words, "--max-gib-billed=10").output.split())
    made = json.loads(_ask(*words, "--max-gib-billed=10", "--json").output)
    assert (made["is_split"], made["is_refused"]) == (True, False)
    billed = made["largest_computation_bytes"] / 1024**3
    assert 10 < billed < 20
    assert f"bills up to {billed:.1f} GiB (90 days of 200,000 movies)" in planned
    assert "refuses more than max_gib_billed, 10 GiB" in planned
    assert f"max_gib_billed = {ceil(billed)} allows one" in planned
    fewer = made["most_days_computed"]
    assert 0 < fewer < 90
    assert f"computed in parts of at most {fewer} days" in planned
    shorter = _ask(*words, "--max-gib-billed=10", f"--history-days={fewer}")
    assert "max_gib_billed" not in shorter.output


def test_where_a_day_of_all_movies_is_refused_nothing_is_published(
    tmp_path: Path,
) -> None:
    words = ("plan", "--all", "--max-gib-billed=1", f"--data={tmp_path}")
    planned = " ".join(_ask(*words).output.split())
    made = json.loads(_ask(*words, "--json").output)
    assert (made["is_split"], made["is_refused"]) == (False, True)
    needed = ceil(made["largest_day_bytes"] / 1024**3)
    assert "not even one day is published" in planned
    assert f"Set max_gib_billed = {needed} or more in terraform.tfvars" in planned
    assert "in parts" not in planned


@pytest.mark.parametrize("columns", ["40", "60", "200"])
def test_a_plan_fits_a_narrow_terminal(columns: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["plan", f"--data={tmp_path}"], env={"COLUMNS": columns}
    )
    assert max(map(len, result.output.splitlines())) <= int(columns)


def test_a_range_of_days_names_the_end_that_is_wrong() -> None:
    day = date(2026, 6, 1)
    assert span(day, None, TODAY) == (day, day)
    assert span(None, day, TODAY) == (day, day)
    with pytest.raises(typer.BadParameter, match="before 2026-06-01") as refused:
        span(day, date(2026, 5, 1), TODAY)
    assert refused.value.param_hint == "--to"
    with pytest.raises(typer.BadParameter, match="in the future") as refused:
        span(date(2026, 6, 11), None, TODAY)
    assert refused.value.param_hint == "--from"


def _of(kind: Callable[[str], Exception], text: str) -> Exception:
    """Return an error of Google's libraries, whose classes have no types."""
    return kind(text)


def _refused(**about: str) -> Exception:
    """Return a 403 of Google with an ErrorInfo."""
    reason = about.pop("reason")
    kind: Callable[..., Exception] = Forbidden
    return kind("long words", error_info={"reason": reason, "metadata": about})


DENIED = _refused(
    reason="IAM_PERMISSION_DENIED",
    permission="pubsub.topics.publish",
    resource="projects/p/topics/t",
)
OFF = _refused(
    reason="SERVICE_DISABLED", service="pubsub.googleapis.com", consumer="projects/7"
)
UNCOUNTED = _refused(reason="USER_PROJECT_DENIED", consumer="projects/7")


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (OperatorError(Exit.IN_PROGRESS, "not yet", "wait"), Exit.IN_PROGRESS, "wait"),
        (_of(DefaultCredentialsError, "none"), Exit.NOT_FOUND, "gcloud auth"),
        (_of(NotFound, "no dataset"), Exit.NOT_FOUND, "make deploy"),
        (
            _caused(StatementError("query"), _of(NotFound, "no table")),
            Exit.NOT_FOUND,
            "no table",
        ),
        (StatementError("too large", hint="less"), Exit.FAILED, "less"),
        (WarehouseUnavailableError("away"), Exit.UNREACHABLE, "away"),
        (_of(BadRequest, "no column"), Exit.FAILED, "no column"),
        (_of(Forbidden, "no right"), Exit.FAILED, "no right"),
        (
            DENIED,
            Exit.FAILED,
            "pubsub.topics.publish is missing on projects/p/topics/t",
        ),
        (OFF, Exit.FAILED, "gcloud services enable pubsub.googleapis.com --project=7"),
        (UNCOUNTED, Exit.FAILED, "serviceusage.services.use on 7"),
        (
            _caused(StatementError("query"), DENIED),
            Exit.FAILED,
            "pubsub.topics.publish is missing",
        ),
        (_of(ServiceUnavailable, "down"), Exit.UNREACHABLE, "down"),
        (KeyboardInterrupt(), Exit.INTERRUPTED, ""),
        (OSError(28, "No space left on device"), Exit.FAILED, "No space left"),
    ],
)
def test_whatever_goes_wrong_has_a_code_and_words(
    error: BaseException, code: Exit, words: str
) -> None:
    def work(selector: Selector) -> None:
        """Fail."""
        assert selector.dataset == "tmdb_analytics"
        raise error

    single = typer.Typer()
    single.command()(command(work))
    failed = CliRunner().invoke(single, [])
    assert failed.exit_code == code
    assert words in failed.output
    lines = failed.stderr.splitlines()
    heads = [line.partition(":")[0] for line in lines]
    assert heads == ["error", "hint"][: len(lines)]


QUERIES = {
    "backfill.TRACKED": backfill.TRACKED,
    "backfill.STORED": backfill.STORED,
    "backfill.ASKED": backfill.ASKED,
    "backfill.NEWEST": backfill.NEWEST,
    "cost.LEDGER": cost.LEDGER,
    "environment.NEWEST_DAY": environment.NEWEST_DAY,
    "explain.EXPLAIN": explain.EXPLAIN.format(
        view="v_latest_score_explained", and_day=""
    ),
    "explain.EXPLAIN of a day": explain.EXPLAIN.format(
        view="v_movie_score_explained", and_day=explain.OF_DAY
    ),
    "run_states.NEWEST": run_states.NEWEST,
    "run_states.OF_IDS": run_states.OF_IDS,
    "run_states.OLDEST_FIRST": run_states.OLDEST_FIRST,
    "run_states.OPEN": run_states.OPEN,
    "validate.COMPUTED": validate.COMPUTED,
    "validate.NEWEST_PUBLISHED": validate.NEWEST_PUBLISHED,
}


@pytest.mark.parametrize("name", QUERIES)
def test_google_takes_every_query(name: str) -> None:
    sql = QUERIES[name].replace("@today", "@to_date").replace("@day", "@to_date")
    sql = sql.replace("@run_ids", "'a,b'").replace("@movie_id", "1")
    assert googlesql().analyze(sql)
