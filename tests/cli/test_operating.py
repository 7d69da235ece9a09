"""A day of an operator, on the local stack that `make local` keeps up.

One stack for all: the tests below follow each other as a person's commands do.
"""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyarrow import parquet
from typer.testing import CliRunner, Result

from cli.app import app
from cli.costs import assumptions
from cli.errors import Exit
from local.endpoints import Endpoints
from local.tables import PROJECT, connect
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator

ROOT = Path(__file__).parents[2]
MOVIES, HISTORY_DAYS = 60, 4
INITIAL, HISTORY = "initial-2026-06-01", "history-2026-06-01"
UP_S, PUBLISHED_S = 60.0, 90.0

type Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "local.serve", f"--data={data}"]
    command += [f"--movies={MOVIES}", f"--history={HISTORY_DAYS}"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as server:
        try:
            give_up_at = time.monotonic() + UP_S
            while not Endpoints.read(data) and time.monotonic() < give_up_at:
                assert server.poll() is None
                time.sleep(0.1)
            yield server
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)


@pytest.fixture
def ask(data: Path, served: object) -> Ask:
    for name in ("PROJECT", "PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST"):
        os.environ.pop(name, None)
    return lambda *words, answer=None: CliRunner().invoke(
        app, [*words, f"--data={data}"], input=answer, env={"COLUMNS": "120"}
    )


def _json(result: Result) -> Any:
    assert "Traceback" not in result.output
    return json.loads(result.stdout)


def _watch(ask: Ask, *words: str) -> list[dict[str, Any]]:
    """Watch off a terminal; the last line of every run."""
    watched = ask("status", "--watch", *words)
    assert watched.exit_code == 0, watched.output
    lines = [json.loads(line) for line in watched.stdout.splitlines()]
    return list({line["run_id"]: line for line in lines}.values())


def _set_today(data: Path, day: str) -> None:
    serving = Endpoints.read(data)
    assert serving
    url = urlsplit(serving.simulator)
    connection = HTTPConnection(url.hostname or "", url.port)
    connection.request("POST", "/_sim/state", json.dumps({"today": day}))
    assert connection.getresponse().status == 200
    connection.close()


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["status"], "tmdb-traction load"),
        (["status", "--watch"], "tmdb-traction load"),
        (["status", INITIAL], "tmdb-traction load"),
        (["validate"], "tmdb-traction load"),
        (["cost"], "tmdb-traction load"),
        (["backfill", "--from=2026-05-31"], "tmdb-traction load"),
    ],
)
def test_before_the_first_load_everything_says_how_to_begin(
    ask: Ask, words: list[str], hint: str
) -> None:
    result = ask(*words)
    assert result.exit_code == Exit.NOT_FOUND, result.output
    assert hint in result.output


def test_a_second_stack_on_the_same_folder_refuses(ask: Ask, data: Path) -> None:
    command = [sys.executable, "-m", "local.serve", f"--data={data}"]
    second = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "runs already" in second.stdout


def test_nothing_is_started_without_a_yes(ask: Ask) -> None:
    assert "would publish" in ask("load", "--dry-run").output
    declined = ask("load", answer="n\n")
    assert (declined.exit_code, "Nothing was started" in declined.output) == (1, True)
    unanswered = ask("load")
    assert (unanswered.exit_code, "--yes" in unanswered.output) == (2, True)
    assert ask("load", "--json").exit_code == Exit.USAGE
    assert ask("status").exit_code == Exit.NOT_FOUND


@pytest.mark.parametrize("verb", ["plan", "load"])
def test_a_load_of_more_than_is_tracked_is_refused_with_the_remedy(
    ask: Ask, verb: str
) -> None:
    refused = ask(verb, f"--limit={MOVIES + 1}")
    assert refused.exit_code == Exit.USAGE
    assert f"tracks {MOVIES} movies" in " ".join(refused.output.split())
    assert "raise tracked_movies" in " ".join(refused.output.split())
    assert ask("status").exit_code == Exit.NOT_FOUND


def test_a_load_of_a_project_asks_its_dataset_for_the_number(
    ask: Ask, data: Path
) -> None:
    result = Endpoints.read(data)
    assert result
    os.environ["BIGQUERY_EMULATOR_HOST"] = result.bigquery
    os.environ["PUBSUB_EMULATOR_HOST"] = result.pubsub
    project = f"--project={PROJECT}"
    assert "Load of 1,000 movies" in ask("load", "--dry-run", project).output
    with connect(result.bigquery) as client:
        dataset = client.get_dataset("tmdb_analytics")
        dataset.labels = {"tracked_movies": "2000"}
        client.update_dataset(dataset, ["labels"])
    planned = ask("load", "--dry-run", project)
    assert "Load of 2,000 movies" in planned.output
    # The number is the deployment's, so the request leaves it out.
    assert "limit" not in planned.output
    assert ask("plan", "--limit=2001", project).exit_code == Exit.USAGE
    assert "Load of 20 movies" in ask("plan", "--limit=20", project).output


def test_a_load_is_planned_started_and_watched(ask: Ask) -> None:
    loaded = ask("load", answer="y\n")
    assert loaded.exit_code == 0, loaded.output
    assert f"Load of {MOVIES} movies with {HISTORY_DAYS} days" in loaded.output
    assert f"tmdb-traction status --watch {INITIAL} {HISTORY}" in loaded.output
    initial, history = _watch(ask, INITIAL, HISTORY)
    assert (initial["state"], history["state"]) == ("PUBLISHED", "PUBLISHED")
    assert (initial["fetched"], history["expected"]) == (MOVIES, MOVIES * HISTORY_DAYS)
    # What the plan said: a request a movie, whatever the lists took.
    assert initial["tmdb_requests"] == MOVIES


def test_the_plan_was_right_about_rows_and_batches(ask: Ask, data: Path) -> None:
    serving = Endpoints.read(data)
    assert serving
    plan = _json(ask("plan", "--json"))
    with connect(serving.bigquery) as client:
        for table in ("movies", "movie_details_raw", "tracked_movies", "batch_plan"):
            sql = f"SELECT COUNT(*) AS n FROM tmdb_analytics.{table}"
            [row] = client.query_and_wait(sql)
            assert row["n"] == plan["rows"][table], table
        # Days in which the checks find nothing have no row of what they found.
        sizes = {
            name: _mean_bytes(client.list_rows(f"{PROJECT}.tmdb_analytics.{name}"))
            for name in assumptions.ROW_BYTES
            if name != "check_findings"
        }
    # Simulated descriptions are shorter than real ones; the rest is as measured.
    for name, size in sizes.items():
        planned = assumptions.ROW_BYTES[name]
        assert 0.4 * planned <= size <= 1.35 * planned, name


def _mean_bytes(rows: Any) -> float:
    sizes = [sum(map(_bytes, row.values())) for row in rows]
    return sum(sizes) / len(sizes)


def _bytes(value: Any) -> int:
    """Return a value's logical size: cloud.google.com/bigquery/pricing#data."""
    match value:
        case None:
            return 0
        case bool():
            return 1
        case str():
            return 2 + len(value.encode())
        case list():
            return sum(map(_bytes, value))
        case dict():
            return sum(map(_bytes, value.values()))
        case _:
            return 8


def test_the_same_load_again_is_the_same_run(ask: Ask) -> None:
    again = ask("load", "--yes")
    assert again.exit_code == 0
    assert f"{INITIAL} has already started: published" in again.output
    assert _json(ask("load", "--yes", "--json"))["is_started"] is False


def test_status_shows_runs_in_words_and_in_json(ask: Ask) -> None:
    result = ask("status")
    assert result.exit_code == 0
    assert f"✓ {INITIAL}  published, {MOVIES} of {MOVIES} movies" in result.output
    [one] = _json(ask("status", INITIAL, "--json"))
    assert (one["run_id"], one["is_published"]) == (INITIAL, True)
    assert f"TMDB requests    {MOVIES}, 0 answered 429" in ask("status", INITIAL).output
    unknown = ask("status", "daily-2026-06-01")
    assert unknown.exit_code == Exit.NOT_FOUND
    assert f"the newest are {HISTORY}" in unknown.output or INITIAL in unknown.output


def test_a_project_is_read_the_same_way(ask: Ask, data: Path) -> None:
    result = Endpoints.read(data)
    assert result
    os.environ["BIGQUERY_EMULATOR_HOST"] = result.bigquery
    os.environ["PUBSUB_EMULATOR_HOST"] = result.pubsub
    assert ask("status", f"--project={PROJECT}").exit_code == 0
    assert ask("dead-letters", f"--project={PROJECT}", "--wait-s=0.3").exit_code == 0
    nowhere = ask("status", f"--project={PROJECT}", "--dataset=elsewhere")
    assert nowhere.exit_code == Exit.NOT_FOUND, nowhere.output
    assert "--dataset" in nowhere.output


def test_a_run_that_never_begins_is_not_waited_for_for_ever(ask: Ask) -> None:
    result = ask("status", "--watch", "--wait-s=0", "weekly-2026-06-01")
    assert result.exit_code == Exit.NOT_FOUND


def test_a_backfill_asks_for_what_is_missing_only(ask: Ask, data: Path) -> None:
    _set_today(data, "2026-06-03")
    first_days = ("--from=2026-05-28", "--to=2026-06-01")
    planned = _json(ask("backfill", *first_days, "--dry-run", "--json"))
    assert planned["is_started"] is False
    # Four days of history end with the day of the load.
    assert planned["days"]["2026-05-28"] == "LOAD"
    assert planned["days"]["2026-05-29"] == "THERE"
    assert planned["requests"] == [
        {"mode": "history_day", "run_date": "2026-06-01", "date": "2026-05-28"}
    ]
    assert planned["plan"]["messages"] == 2
    assert "1 message" not in ask("plan", *first_days).output
    begun = ask("backfill", *first_days, "--yes")
    assert begun.exit_code == 0
    assert "requested 1 run" in begun.output
    [run] = _watch(ask, "history-2026-06-01-2026-05-28")
    assert run["state"] == "PUBLISHED"
    again = _json(ask("backfill", *first_days, "--yes", "--json"))
    assert (again["is_started"], set(again["days"].values())) == (False, {"THERE"})
    forced = _json(ask("backfill", *first_days, "--again", "--dry-run", "--json"))
    assert forced["days"]["2026-05-28"] == "COMPUTE"
    assert forced["days"]["2026-05-29"] == "LOAD"


def test_the_page_follows_a_day_that_is_withheld_and_published(
    ask: Ask, data: Path
) -> None:
    newest, before = "Monday 1 June 2026", "Sunday 31 May 2026"
    _wait_for_page(data, newest)
    day = ("2026-06-01", "--yes")
    withheld = _json(ask("withhold", *day, "--reason=a test", "--json"))
    assert (withheld["is"], withheld["page"]) == ("withheld", "requested")
    _wait_for_page(data, before)
    published = ask("publish", *day, "--reason=the test is over")
    assert "The dashboard's page is being rendered again." in published.output
    _wait_for_page(data, newest)
    # One that is so already requests it too: the command before may have failed to.
    again = _json(ask("publish", *day, "--reason=once more", "--json"))
    assert (again["is_changed"], again["page"]) == (False, "requested")
    planned = _json(ask("withhold", *day, "--reason=a plan", "--dry-run", "--json"))
    assert (planned["would_be"], planned["page"]) == ("withheld", None)


def _wait_for_page(data: Path, heading: str) -> None:
    """Wait until the page that the local stack keeps is of the day."""
    page = data / "simulated/storage/dashboard/index.html"
    give_up_at = time.monotonic() + PUBLISHED_S
    while not (page.is_file() and heading in page.read_text()):
        assert time.monotonic() < give_up_at, f"no page of {heading}"
        time.sleep(0.1)


def test_a_day_that_is_computed_again_shows_both_of_its_lists(
    ask: Ask, data: Path
) -> None:
    """A late batch renames a movie; the first vintage keeps its name."""
    day = "2026-05-28"
    [first] = _vintages(ask, day)
    [before] = _json(ask("chart", f"--day={day}", "--limit=1", "--json"))
    serving = Endpoints.read(data)
    assert serving
    late = {
        "run_id": f"daily-{day}",
        "run_date": day,
        "batch_no": 1,
        "movie_id": before["movie_id"],
        "title": "Renamed since",
        "fetched_at": datetime.now(UTC).isoformat(),
    }
    with connect(serving.bigquery) as client:
        Sandbox(client).load("movie_details_raw", [late])
    again = ("backfill", f"--from={day}", f"--to={day}", "--again", "--yes")
    assert ask(*again).exit_code == 0
    give_up_at = time.monotonic() + PUBLISHED_S
    while len(_vintages(ask, day)) < 2:
        assert time.monotonic() < give_up_at, "no second vintage"
        time.sleep(0.5)

    [now] = _json(ask("chart", f"--day={day}", "--limit=1", "--json"))
    assert (now["movie_id"], now["vintage"]) == (before["movie_id"], 2)
    assert (before["title"] != now["title"], now["title"]) == (True, "Renamed since")
    second = _vintages(ask, day)[1]
    assert (second["entered"], second["gone"], second["moved"]) == (0, 0, 0)
    assert second["run_id"] == f"metrics-{day}-{day}"
    # The first is as it was, also after the day is withheld and published again.
    words = (day, "--yes", "--json")
    for verb in ("withhold", "publish"):
        assert _json(ask(verb, *words, "--reason=a test"))["is_changed"]
    assert len(_vintages(ask, day)) == 2
    # As of the second of its publication, rounded up.
    published = datetime.fromisoformat(first["published_at"]) + timedelta(seconds=1)
    as_of = f"--as-of={published:%Y-%m-%dT%H:%M:%S}"
    [then] = _json(ask("chart", as_of, f"--day={day}", "--limit=1", "--json"))
    assert then == before


def _vintages(ask: Ask, day: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = _json(
        ask("chart", f"--day={day}", "--vintages", "--json")
    )
    return found


@pytest.mark.parametrize(
    ("words", "field", "hint"),
    [
        (["--from=2026-06-04"], "--from", "today is 2026-06-03"),
        (["--from=2026-06-01", "--to=2026-06-04"], "--to", "today is 2026-06-03"),
        (["--from=2026-06-02", "--to=2026-06-01"], "--to", "the earlier day"),
        (["--from=2026-03-01", "--to=2026-03-05"], "--from", "2026-03-06 or later"),
    ],
)
def test_days_that_cannot_be_are_refused(
    ask: Ask, words: list[str], field: str, hint: str
) -> None:
    refused = ask("backfill", *words)
    assert refused.exit_code == Exit.USAGE
    assert field in refused.output
    # Typer draws a box around it, as wide as it likes.
    assert hint in " ".join(refused.output.replace("│", " ").split())


def test_a_view_is_exported_with_its_types(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "chart.parquet"
    view = "v_popularity_7d_moving_average"
    written = _json(ask("export", view, f"--out={out}", "--json"))
    table = parquet.read_table(out)
    assert table.num_rows == written["rows"] > 0
    kinds = {field.name: str(field.type) for field in table.schema}
    assert (kinds["movie_id"], kinds["popularity"]) == ("int64", "double")
    assert kinds["snapshot_date"] == "date32[day]"
    assert b"TMDB" in table.schema.metadata[b"attribution"]


def test_a_csv_has_a_header_and_distinguishes_null_from_empty(
    ask: Ask, tmp_path: Path
) -> None:
    out = tmp_path / "runs.csv"
    condition = f"run_id = '{INITIAL}'"
    ask("export", "v_run_status", "--format=csv", f"--out={out}", "--where", condition)
    [row] = csv.DictReader(out.read_text().splitlines())
    assert (row["run_id"], row["fetched"]) == (INITIAL, str(MOVIES))
    assert row["started_at"].endswith("Z")
    assert out.read_text().splitlines()[0].startswith('"run_id","mode"')


def test_a_file_is_not_written_over_without_force(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "days.csv"
    out.write_text("mine")
    words = ("export", "v_published_days", "--format=csv", f"--out={out}")
    refused = ask(*words)
    assert (refused.exit_code, out.read_text()) == (Exit.USAGE, "mine")
    assert "--force" in refused.output
    assert ask(*words, "--dry-run", "--force").exit_code == 0
    assert out.read_text() == "mine"
    assert ask(*words, "--force", "--limit=1").exit_code == 0
    assert len(out.read_text().splitlines()) == 2
    wrong = ask(*words, "--force", "--where=no_such_column = 1")
    assert wrong.exit_code == Exit.FAILED, wrong.output
    assert len(out.read_text().splitlines()) == 2


def test_cost_does_not_print_what_nobody_counts(ask: Ask) -> None:
    result = ask("cost")
    assert result.exit_code == 0
    assert "counts no bytes" in result.output
    assert "$" not in result.output
    [month] = _json(ask("cost", "--month", "--json"))["months"]
    assert month["tmdb_requests"] == MOVIES
    assert month["queries"] > 0
    assert month["bytes_billed"] is None
    assert month["usd"] is None


def test_checks_find_nothing_then_what_is_wrong(ask: Ask, data: Path) -> None:
    well = ask("validate", "--from=2026-05-29", "--to=2026-06-01")
    assert (well.exit_code, "0 failures" in well.output) == (0, True), well.output
    assert ask("validate", "--from=2026-05-01").exit_code == Exit.NOT_FOUND
    result = Endpoints.read(data)
    assert result
    day = date(2026, 6, 1)
    with connect(result.bigquery) as client:
        sandbox = Sandbox(client)
        of_day = sandbox.rows("movie_daily_snapshots", f"snapshot_date = '{day}'")
        snapshot = of_day[0]
        sandbox.load("movie_daily_snapshots", [snapshot])
    failed = ask("validate", f"--from={day}", f"--to={day}")
    assert failed.exit_code == Exit.FAILED
    assert "✗ fail duplicate_keys 2026-06-01: 1 row" in failed.output
    assert f"movie {snapshot['movie_id']}: " in failed.output
    found = _json(ask("validate", f"--from={day}", "--json"))["findings"]
    assert {"fail"} <= {one["severity"] for one in found}


def test_the_watch_ends_on_ctrl_c_with_a_word(ask: Ask, data: Path) -> None:
    command = [sys.executable, "-m", "cli", "status", "--watch", "weekly-2026-06-03"]
    with subprocess.Popen(  # noqa: S603 - our own command
        [*command, f"--data={data}"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as watch:
        time.sleep(4)
        watch.send_signal(signal.SIGINT)
        output, _ = watch.communicate(timeout=30)
    # A busy machine may still be importing: then the signal ends it in silence.
    assert watch.returncode in (Exit.INTERRUPTED, -signal.SIGINT), output
    assert "Traceback" not in output


def test_after_ctrl_c_the_data_stay_and_nothing_listens(
    ask: Ask, data: Path, served: "subprocess.Popen[str]"
) -> None:
    served.send_signal(signal.SIGINT)
    assert served.wait(30) == 0
    assert Endpoints.read(data) is None
    result = ask("status")
    assert (result.exit_code, INITIAL in result.output) == (0, True)
    refused = ask("load", "--yes")
    assert refused.exit_code == Exit.NOT_FOUND
    assert "make local" in refused.output


def test_the_file_of_a_killed_stack_is_not_believed(ask: Ask, data: Path) -> None:
    left = Endpoints(
        os.getpid(), "http://127.0.0.1:9", "127.0.0.1:9", "", {}, "", 1, 1, 1.0
    )
    with left.published_in(data):
        assert left == Endpoints.read(data)
        assert not left.is_up
        assert ask("status").exit_code == 0
    (data / "stack.json").write_text("{half a fi")
    assert Endpoints.read(data) is None
