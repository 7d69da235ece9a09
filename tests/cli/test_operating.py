"""A day of an operator, on the local stack that `make local` keeps up.

One stack for all. Its states are fixtures, each made from the one before: `empty`,
`loaded`, `backfilled`. A test that changes a state restores it, so any order will do.
"""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet
from typer.testing import Result

from cli.costs import assumptions
from cli.errors import Exit
from local.endpoints import Endpoints
from local.tables import PROJECT, connect
from tests.cli.operated_stack import (
    BEFORE_A_LOAD,
    FIRST_DAYS,
    HISTORY,
    HISTORY_DAYS,
    INITIAL,
    MOVIES,
    PUBLISHED_S,
    ROOT,
    TOO_MANY,
    Ask,
    Backfilled,
    Loaded,
    Served,
    ask_before_a_load,
    backfill,
    json_of,
    load,
    select_no_project,
)
from tests.sql.sandbox import Sandbox

pytestmark = pytest.mark.emulator


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[Served]:
    served = Served(data)
    served.start()
    try:
        yield served
    finally:
        served.end()


@pytest.fixture(scope="module")
def empty(served: Served) -> dict[tuple[str, ...], Result]:
    return ask_before_a_load(served)


@pytest.fixture(scope="module")
def loaded(empty: object, served: Served) -> Loaded:
    return load(served)


@pytest.fixture(scope="module")
def backfilled(loaded: Loaded) -> Backfilled:
    return backfill(loaded.served)


@pytest.fixture
def ask(loaded: "Loaded") -> Ask:
    select_no_project()
    return loaded.served.ask


@pytest.fixture
def project(loaded: "Loaded") -> str:
    """Return the option by which commands read the stack as a project."""
    endpoints = loaded.served.endpoints
    os.environ["BIGQUERY_EMULATOR_HOST"] = endpoints.bigquery
    os.environ["PUBSUB_EMULATOR_HOST"] = endpoints.pubsub
    os.environ.pop("PROJECT", None)
    return f"--project={PROJECT}"


@pytest.fixture
def third_of_june(loaded: Loaded) -> Iterator[None]:
    """Set another day than that of the load."""
    loaded.served.set_today("2026-06-03")
    yield
    loaded.served.set_today("2026-06-01")


@pytest.mark.parametrize("words", BEFORE_A_LOAD, ids=" ".join)
def test_before_the_first_load_everything_says_how_to_begin(
    empty: dict[tuple[str, ...], Result], words: tuple[str, ...]
) -> None:
    result = empty[words]
    assert result.exit_code == Exit.NOT_FOUND, result.output
    assert "tmdb-traction load" in result.output


def test_a_second_stack_on_the_same_folder_refuses(ask: Ask, data: Path) -> None:
    command = [sys.executable, "-m", "local.serve", f"--data={data}"]
    second = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert second.returncode == 1
    assert "already running" in second.stdout


def test_nothing_is_started_without_a_yes(
    empty: dict[tuple[str, ...], Result],
) -> None:
    assert "would publish" in empty["load", "--dry-run"].output
    declined = empty["load", "n"]
    assert (declined.exit_code, "Nothing was started" in declined.output) == (1, True)
    unanswered = empty["load",]
    assert (unanswered.exit_code, "--yes" in unanswered.output) == (2, True)
    assert empty["load", "--json"].exit_code == Exit.USAGE


@pytest.mark.parametrize("words", TOO_MANY, ids=" ".join)
def test_a_load_of_more_than_is_tracked_is_refused_with_a_hint(
    empty: dict[tuple[str, ...], Result], words: tuple[str, ...]
) -> None:
    refused = empty[words]
    assert refused.exit_code == Exit.USAGE
    assert f"tracks {MOVIES} movies" in " ".join(refused.output.split())
    assert "raise tracked_movies" in " ".join(refused.output.split())


def test_a_load_of_a_project_asks_its_dataset_for_the_number(
    loaded: Loaded, project: str
) -> None:
    ask = loaded.served.ask
    assert "Load of 1,000 movies" in ask("load", "--dry-run", project).output
    with _dataset_label(loaded.served, tracked_movies="2000"):
        planned = ask("load", "--dry-run", project)
        assert "Load of 2,000 movies" in planned.output
        # It is the deployment's number, so the request does not need it.
        assert "limit" not in planned.output
        assert ask("plan", "--limit=2001", project).exit_code == Exit.USAGE
        assert "Load of 20 movies" in ask("plan", "--limit=20", project).output


def test_a_plan_of_a_project_asks_its_dataset_what_a_query_may_bill(
    loaded: Loaded, project: str
) -> None:
    ask = loaded.served.ask
    words = ("plan", "--all", "--json", project)
    assert json_of(ask(*words))["max_gib_billed"] == assumptions.MAX_GIB_BILLED
    with _dataset_label(loaded.served, max_gib_billed="300", details_per_day="7"):
        planned = json_of(ask(*words))
    assert (planned["max_gib_billed"], planned["is_refused"]) == (300, False)
    assert planned["tmdb_requests"] == planned["details"] == 7


@contextmanager
def _dataset_label(served: Served, **labels: str) -> Iterator[None]:
    def update(labels: Mapping[str, str | None]) -> None:
        with connect(served.endpoints.bigquery) as client:
            dataset = client.get_dataset("tmdb_analytics")
            dataset.labels = labels
            client.update_dataset(dataset, ["labels"])

    update(labels)
    try:
        yield
    finally:
        update(dict.fromkeys(labels))


def test_a_load_is_planned_started_and_watched(loaded: Loaded) -> None:
    assert f"Load of {MOVIES} movies with {HISTORY_DAYS} days" in loaded.output
    assert f"tmdb-traction status --watch {INITIAL} {HISTORY}" in loaded.output
    initial, history = loaded.initial, loaded.history
    assert (initial["state"], history["state"]) == ("PUBLISHED", "PUBLISHED")
    assert (initial["fetched"], history["expected"]) == (MOVIES, MOVIES * HISTORY_DAYS)
    # As planned: a request for each movie, besides those of lists.
    assert initial["tmdb_requests"] == MOVIES


def test_the_plan_was_right_about_rows_and_batches(loaded: Loaded) -> None:
    planned = {table: loaded.plan["rows"][table] for table in loaded.rows}
    assert loaded.rows == planned
    # Simulated descriptions are shorter than real ones; the rest has its real size.
    for name, size in loaded.sizes.items():
        expected = assumptions.ROW_BYTES[name]
        assert 0.4 * expected <= size <= 1.35 * expected, name


def test_the_same_load_again_is_the_same_run(ask: Ask) -> None:
    again = ask("load", "--yes")
    assert again.exit_code == 0
    assert f"{INITIAL} has already started: published" in again.output
    assert json_of(ask("load", "--yes", "--json"))["is_started"] is False


def test_status_shows_runs_in_words_and_in_json(ask: Ask) -> None:
    result = ask("status")
    assert result.exit_code == 0
    assert f"✓ {INITIAL}  published, {MOVIES} of {MOVIES} movies" in result.output
    [one] = json_of(ask("status", INITIAL, "--json"))
    assert (one["run_id"], one["is_published"]) == (INITIAL, True)
    assert f"TMDB requests    {MOVIES}, 0 answered 429" in ask("status", INITIAL).output
    unknown = ask("status", "daily-2026-06-01")
    assert unknown.exit_code == Exit.NOT_FOUND
    assert f"the newest are {HISTORY}" in unknown.output or INITIAL in unknown.output


def test_a_project_is_read_the_same_way(loaded: Loaded, project: str) -> None:
    ask = loaded.served.ask
    assert ask("status", project).exit_code == 0
    assert ask("dead-letters", project, "--wait-s=0.3").exit_code == 0
    nowhere = ask("status", project, "--dataset=elsewhere")
    assert nowhere.exit_code == Exit.NOT_FOUND, nowhere.output
    assert "--dataset" in nowhere.output


def test_a_run_that_never_begins_is_not_waited_for_for_ever(ask: Ask) -> None:
    result = ask("status", "--watch", "--wait-s=0", "weekly-2026-06-01")
    assert result.exit_code == Exit.NOT_FOUND


def test_a_backfill_requests_what_is_missing_only(
    ask: Ask, backfilled: Backfilled
) -> None:
    planned = backfilled.planned
    assert planned["is_started"] is False
    # The four days of history end on the day of the load.
    assert planned["days"]["2026-05-28"] == "LOAD"
    assert planned["days"]["2026-05-29"] == "THERE"
    assert planned["requests"] == [
        {"mode": "history_day", "run_date": "2026-06-01", "date": "2026-05-28"}
    ]
    assert planned["plan"]["messages"] == 2
    assert "1 message" not in backfilled.plan
    assert backfilled.begun.exit_code == 0
    assert "requested 1 run" in backfilled.begun.output
    assert backfilled.run["state"] == "PUBLISHED"
    again = json_of(ask("backfill", *FIRST_DAYS, "--yes", "--json"))
    assert (again["is_started"], set(again["days"].values())) == (False, {"THERE"})
    forced = json_of(ask("backfill", *FIRST_DAYS, "--again", "--dry-run", "--json"))
    assert forced["days"]["2026-05-28"] == "COMPUTE"
    assert forced["days"]["2026-05-29"] == "LOAD"


def test_the_page_follows_a_day_that_is_withheld_and_published(
    ask: Ask, data: Path
) -> None:
    newest, before = "Monday 1 June 2026", "Sunday 31 May 2026"
    _wait_for_page(data, newest)
    day = ("2026-06-01", "--yes")
    withheld = json_of(ask("withhold", *day, "--reason=a test", "--json"))
    assert (withheld["is"], withheld["page"]) == ("withheld", "requested")
    _wait_for_page(data, before)
    published = ask("publish", *day, "--reason=the test is over")
    assert "The dashboard's page is being rendered again." in published.output
    _wait_for_page(data, newest)
    # A repeated command requests it too: the first one may have failed to.
    again = json_of(ask("publish", *day, "--reason=once more", "--json"))
    assert (again["is_changed"], again["page"]) == (False, "requested")
    planned = json_of(ask("withhold", *day, "--reason=a plan", "--dry-run", "--json"))
    assert (planned["would_be"], planned["page"]) == ("withheld", None)


def _wait_for_page(data: Path, heading: str) -> None:
    """Wait until the local stack's page is of the day."""
    page = data / "simulated/storage/dashboard/index.html"
    give_up_at = time.monotonic() + PUBLISHED_S
    while not (page.is_file() and heading in page.read_text()):
        assert time.monotonic() < give_up_at, f"no page of {heading}"
        time.sleep(0.1)


@pytest.mark.usefixtures("backfilled")
def test_a_day_that_is_computed_again_shows_both_of_its_lists(
    ask: Ask, served: Served
) -> None:
    """A late batch renames a movie; the first vintage keeps the earlier name."""
    day = "2026-05-28"
    [first] = _vintages(ask, day)
    [before] = json_of(ask("chart", f"--day={day}", "--limit=1", "--json"))
    late = {
        "run_id": f"daily-{day}",
        "run_date": day,
        "batch_no": 1,
        "movie_id": before["movie_id"],
        "title": "Renamed since",
        "fetched_at": datetime.now(UTC).isoformat(),
    }
    with connect(served.endpoints.bigquery) as client:
        Sandbox(client).load("movie_details_raw", [late])
    again = ("backfill", f"--from={day}", f"--to={day}", "--again", "--yes")
    assert ask(*again).exit_code == 0
    give_up_at = time.monotonic() + PUBLISHED_S
    while len(_vintages(ask, day)) < 2:
        assert time.monotonic() < give_up_at, "no second vintage"
        time.sleep(0.5)

    [now] = json_of(ask("chart", f"--day={day}", "--limit=1", "--json"))
    assert (now["movie_id"], now["vintage"]) == (before["movie_id"], 2)
    assert (before["title"] != now["title"], now["title"]) == (True, "Renamed since")
    second = _vintages(ask, day)[1]
    assert (second["entered"], second["gone"], second["moved"]) == (0, 0, 0)
    assert second["run_id"] == f"metrics-{day}-{day}"
    # The first one is unchanged, also after the day is withheld and published again.
    words = (day, "--yes", "--json")
    for verb in ("withhold", "publish"):
        assert json_of(ask(verb, *words, "--reason=a test"))["is_changed"]
    assert len(_vintages(ask, day)) == 2
    # As of its publication, rounded up to a second.
    published = datetime.fromisoformat(first["published_at"]) + timedelta(seconds=1)
    as_of = f"--as-of={published:%Y-%m-%dT%H:%M:%S}"
    [then] = json_of(ask("chart", as_of, f"--day={day}", "--limit=1", "--json"))
    assert then == before


def _vintages(ask: Ask, day: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(
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
@pytest.mark.usefixtures("third_of_june")
def test_days_that_cannot_be_are_refused(
    ask: Ask, words: list[str], field: str, hint: str
) -> None:
    refused = ask("backfill", *words)
    assert refused.exit_code == Exit.USAGE
    assert field in refused.output
    # Typer draws a box of any width around it.
    assert hint in " ".join(refused.output.replace("│", " ").split())


def test_a_view_is_exported_with_its_types(ask: Ask, tmp_path: Path) -> None:
    out = tmp_path / "chart.parquet"
    view = "v_popularity_7d_moving_average"
    written = json_of(ask("export", view, f"--out={out}", "--json"))
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
    [month] = json_of(ask("cost", "--month", "--json"))["months"]
    assert month["tmdb_requests"] == MOVIES
    assert month["queries"] > 0
    assert month["bytes_billed"] is None
    assert month["usd"] is None


def test_checks_find_nothing_then_what_is_wrong(ask: Ask, served: Served) -> None:
    well = ask("validate", "--from=2026-05-29", "--to=2026-06-01")
    assert (well.exit_code, "0 failures" in well.output) == (0, True), well.output
    assert ask("validate", "--from=2026-05-01").exit_code == Exit.NOT_FOUND
    day = date(2026, 6, 1)
    with _snapshot_twice(served, day) as movie_id:
        failed = ask("validate", f"--from={day}", f"--to={day}")
        found = json_of(ask("validate", f"--from={day}", "--json"))["findings"]
    assert failed.exit_code == Exit.FAILED
    assert "✗ fail duplicate_keys 2026-06-01: 1 row" in failed.output
    assert f"movie {movie_id}: " in failed.output
    assert {"fail"} <= {one["severity"] for one in found}


@contextmanager
def _snapshot_twice(served: Served, day: date) -> Iterator[int]:
    """Store a movie's snapshot of a day twice for a while; yield its id."""
    table = "movie_daily_snapshots"
    with connect(served.endpoints.bigquery) as client:
        sandbox = Sandbox(client)
        snapshot = sandbox.rows(table, f"snapshot_date = '{day}'")[0]
        key = f"snapshot_date = '{day}' AND movie_id = {snapshot['movie_id']}"
        sandbox.load(table, [snapshot])
        try:
            yield snapshot["movie_id"]
        finally:
            client.query_and_wait(f"DELETE FROM tmdb_analytics.{table} WHERE {key}")
            sandbox.load(table, [snapshot])


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
    # On a busy machine it may still import modules: then the signal ends it.
    assert watch.returncode in (Exit.INTERRUPTED, -signal.SIGINT), output
    assert "Traceback" not in output


@pytest.fixture
def ended(loaded: Loaded) -> Iterator[int]:
    """End the stack; its exit code. Afterwards it is up again."""
    yield loaded.served.end()
    loaded.served.start()


def test_after_ctrl_c_the_data_stay_and_nothing_listens(
    ask: Ask, data: Path, ended: int
) -> None:
    assert ended == 0
    assert Endpoints.read(data) is None
    result = ask("status")
    assert (result.exit_code, INITIAL in result.output) == (0, True)
    refused = ask("load", "--yes")
    assert refused.exit_code == Exit.NOT_FOUND
    assert "make local" in refused.output


@pytest.mark.usefixtures("ended")
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
