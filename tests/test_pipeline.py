"""The whole pipeline: deployed archives, real clients, emulators, simulated days."""

import gzip
import json
import time
from collections.abc import Container, Iterator
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from emulators.pubsub import GoogleEmulatorError, find_google_emulator
from emulators.tmdb import SIMULATED_TOKEN
from local import run_states
from local import topics as local_topics
from local.run_progress import wait_until_published
from local.run_states import RunState
from local.stack import Options, Stack
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import ENDED, Mode, Run

pytestmark = pytest.mark.emulator

FIRST = date(2026, 6, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(9)]
MOVIES = 60
HISTORY_DAYS = 10
FINAL_TABLES = (
    "movies",
    "movie_daily_snapshots",
    "catalogue_days",
    "movie_viral_signals",
    "movie_metrics_aggregated",
    "tracked_movies",
)
TIMEOUT_S = 90.0


def _simulator(*options: str) -> tuple[str, ...]:
    return ("--seed=3", "--movies=400", f"--today={FIRST}", *options)


def _settings(**more: str) -> dict[str, str]:
    return {
        "TRACKED_MOVIES": str(MOVIES),
        "HISTORY_DAYS": str(HISTORY_DAYS),
        **more,
    }


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Load, and run every day; half of all messages are delivered twice."""
    options = Options(_settings(), simulator=_simulator(), duplicate_rate=0.5)
    with Stack(tmp_path_factory.mktemp("stack"), options) as stack:
        body = {"mode": "initial", "run_date": FIRST.isoformat()}
        assert stack.call("ingest_changes", body)[0] == 200
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(stack.tables, ids, TIMEOUT_S)
        for day in DAYS:
            _run_day(stack, day)
        yield stack


def _run_day(stack: Stack, day: date) -> None:
    stack.set_today(day)
    stack.tick(IngestRequest(Mode.DAILY, day))
    wait_until_published(stack.tables, [Run(Mode.DAILY, day).run_id], TIMEOUT_S)


def _rows(client: bigquery.Client, sql: str) -> list[dict[str, Any]]:
    return [dict(row.items()) for row in client.query_and_wait(sql)]


def _dump(client: bigquery.Client) -> dict[str, list[str]]:
    """Return every final table as text, floats to 9 digits.

    The last bits of a sum of floats depend on the order of the rows.
    """

    def text(value: object) -> object:
        return f"{value:.9g}" if isinstance(value, float) else value

    return {
        table: sorted(
            json.dumps({name: text(row[name]) for name in row}, default=str)
            for row in _rows(client, f"SELECT * FROM tmdb_analytics.{table}")
        )
        for table in FINAL_TABLES
    }


def test_every_run_is_published_and_counts_what_it_did(stack: Stack) -> None:
    states = {state["run_id"]: state for state in run_states.oldest_first(stack.tables)}
    assert len(states) == 2 + len(DAYS)
    assert {state["state"] for state in states.values()} == {"PUBLISHED"}
    initial = states[f"initial-{FIRST}"]
    assert (initial["expected"], initial["fetched"]) == (MOVIES, MOVIES)
    assert states[f"history-{FIRST}"]["batches_total"] == HISTORY_DAYS


def test_every_tracked_movie_has_a_snapshot_of_every_day_since(stack: Stack) -> None:
    [missing] = _rows(
        stack.client,
        f"""
        SELECT COUNT(*) AS n
        FROM tmdb_analytics.tracked_movies AS tracked
        CROSS JOIN UNNEST(GENERATE_DATE_ARRAY('{DAYS[0]}', '{DAYS[-1]}')) AS day
        LEFT JOIN tmdb_analytics.movie_daily_snapshots AS snapshot
          ON snapshot.movie_id = tracked.movie_id AND snapshot.snapshot_date = day
        WHERE day >= tracked.tracked_since
          AND (tracked.retired_on IS NULL OR day < tracked.retired_on)
          AND (snapshot.popularity IS NULL OR snapshot.vote_count IS NULL)
        """,
    )
    assert missing["n"] == 0


def test_no_movie_has_two_rows_for_a_day(stack: Stack) -> None:
    for table, day in (
        ("movie_daily_snapshots", "snapshot_date"),
        ("movie_metrics_aggregated", "calculation_date"),
    ):
        doubles = _rows(
            stack.client,
            f"SELECT movie_id, {day} FROM tmdb_analytics.{table} "
            "GROUP BY 1, 2 HAVING COUNT(*) > 1",
        )
        assert doubles == []


def test_there_is_popularity_before_the_first_day(stack: Stack) -> None:
    days = _rows(
        stack.client,
        "SELECT snapshot_date AS day, COUNT(*) AS n, COUNT(vote_count) AS voted "
        "FROM tmdb_analytics.movie_daily_snapshots "
        f"WHERE snapshot_date < '{FIRST}' GROUP BY 1 ORDER BY 1",
    )
    assert len(days) == HISTORY_DAYS - 1
    assert {row["voted"] for row in days} == {0}
    assert min(row["n"] for row in days) > 0.9 * MOVIES


def test_the_charts_of_the_last_day_are_filled(stack: Stack) -> None:
    gaining = _rows(
        stack.client,
        "SELECT * FROM tmdb_analytics.v_top_gaining_movies "
        "ORDER BY weekly_pct_change DESC",
    )
    assert gaining
    assert all(row["title"] for row in gaining)
    assert all(row["weekly_pct_change"] > 0 for row in gaining)
    scored = _rows(
        stack.client,
        "SELECT COUNT(viral_coefficient) AS n "
        "FROM tmdb_analytics.movie_metrics_aggregated "
        f"WHERE calculation_date = '{DAYS[-1]}'",
    )
    assert scored[0]["n"] > 0.9 * MOVIES


def test_popularity_is_what_tmdb_exported(stack: Stack) -> None:
    [source] = _rows(
        stack.client,
        "SELECT COUNTIF(snapshot.popularity = raw.popularity) AS same, COUNT(*) AS n "
        "FROM tmdb_analytics.movie_daily_snapshots AS snapshot "
        "JOIN tmdb_analytics.movie_popularity_raw AS raw "
        "  ON raw.movie_id = snapshot.movie_id "
        "  AND raw.export_date = snapshot.snapshot_date",
    )
    assert source["n"] >= MOVIES * (HISTORY_DAYS + len(DAYS) - 1) * 0.9
    assert source["same"] == source["n"]


def test_any_day_run_twice_leaves_the_same_rows(stack: Stack) -> None:
    before = _dump(stack.client)
    day = DAYS[-1]
    stack.tick(IngestRequest(Mode.DAILY, day))
    status, answer = stack.call(
        "ingest_changes", {"mode": "daily", "run_date": day.isoformat()}
    )
    assert (status, answer["status"]) == (200, "already started")
    batch = _rows(
        stack.client,
        "SELECT run_id, CAST(run_date AS STRING) AS run_date, batch_no, batch_count, "
        f"movie_ids FROM tmdb_analytics.batch_plan WHERE run_id = 'daily-{day}' "
        "AND batch_no = 1",
    )[0]
    assert stack.call("fetch_details", batch)[1]["status"] == "already done"
    for chosen in ([day], DAYS):
        whole = {"from": chosen[0].isoformat(), "to": chosen[-1].isoformat()}
        status, answer = stack.call("compute_metrics", whole)
        assert (status, answer["status"]) == (200, "published")
    assert _dump(stack.client) == before


def test_a_weekly_run_refreshes_retired_movies_and_publishes_no_day(
    stack: Stack,
) -> None:
    body = {"mode": "weekly", "run_date": DAYS[-1].isoformat()}
    status, answer = stack.call("ingest_changes", body)
    assert (status, answer["status"]) == (200, "no retired movie to refresh")
    before = _dump(stack.client)
    [movie] = _rows(
        stack.client,
        "SELECT movie_id FROM tmdb_analytics.tracked_movies ORDER BY movie_id LIMIT 1",
    )
    retire = "UPDATE tmdb_analytics.tracked_movies SET retired_on = {}, retired_reason"
    of_it = f"WHERE movie_id = {movie['movie_id']}"
    _rows(
        stack.client, f"{retire.format(f"DATE '{FIRST}'")} = 'outside the top' {of_it}"
    )
    stack.tick(IngestRequest(Mode.WEEKLY, DAYS[-1]))
    run_id = Run(Mode.WEEKLY, DAYS[-1]).run_id
    state = _wait_until_ended(stack, run_id)
    _rows(stack.client, f"{retire.format('NULL')} = NULL {of_it}")
    assert (state["state"], state["fetched"]) == ("DONE", 1)
    assert _dump(stack.client) == before
    requests = _rows(
        stack.client,
        "SELECT event FROM tmdb_analytics.ingestion_log "
        f"WHERE run_id = '{run_id}' AND event LIKE 'METRICS%'",
    )
    assert requests == []


def _wait_until_ended(stack: Stack, run_id: str) -> RunState:
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        state = run_states.of_id(stack.tables, run_id)
        if state and state["state"] in ENDED:
            return state
        time.sleep(0.5)
    raise AssertionError(f"{run_id} has not ended")


def test_a_batch_replayed_days_later_leaves_the_days_votes_as_they_are(
    stack: Stack,
) -> None:
    """A dead letter of the first day, replayed when TMDB is days further."""
    before = _dump(stack.client)
    day = DAYS[1]
    movies = "SELECT movie_id FROM tmdb_analytics.tracked_movies ORDER BY 1 LIMIT 3"
    batch = {
        "run_id": f"initial-{day}",
        "run_date": day.isoformat(),
        "batch_no": 1,
        "batch_count": 1,
        "movie_ids": [row["movie_id"] for row in _rows(stack.client, movies)],
    }
    status, answer = stack.call("fetch_details", batch)
    assert (status, answer["status"]) == (200, "done")
    [marker] = _rows(
        stack.client,
        "SELECT fetched, failed, reason FROM tmdb_analytics.ingestion_log "
        f"WHERE run_id = 'initial-{day}' AND event = 'BATCH_DONE'",
    )
    assert (marker["fetched"], marker["failed"]) == (0, 3)
    assert marker["reason"].startswith("too late")
    whole = {"from": day.isoformat(), "to": DAYS[-1].isoformat()}
    assert stack.call("compute_metrics", whole)[1]["status"] == "published"
    # A movie's details may be newer: weekly runs refresh them.
    assert _dump(stack.client) | {"movies": before["movies"]} == before


def test_an_export_that_comes_after_its_days_run_replaces_the_details(
    tmp_path: Path,
) -> None:
    """The first late day is requested as the sweep does, the next by a later run."""
    options = Options(_settings(HISTORY_DAYS="2"), simulator=_simulator())
    with Stack(tmp_path, options) as stack:
        stack.tick(IngestRequest(Mode.INITIAL, FIRST))
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(stack.tables, ids, TIMEOUT_S)
        for late in DAYS[1:3]:
            stack.set_today(late)
            # Details may be days old, as happens at TMDB.
            faults = {"missing_exports": [str(late)], "stale_popularity_share": 1.0}
            stack.steer_simulator({"faults": faults})
            _run_day(stack, late)
            first = _popularity(stack, late)
            exported = _exported(stack, late, first)
            assert {source for _, source in first.values()} == {"details"}
            assert {m: value for m, (value, _) in first.items()} != exported
            assert len(exported) >= MOVIES
            if late == DAYS[1]:
                stack.tick(IngestRequest(Mode.HISTORY_DAY, late, export_date=late))
                run = Run(Mode.HISTORY, late, late)
            else:
                stack.steer_simulator({"faults": {}})
                _run_day(stack, DAYS[3])
                run = Run(Mode.HISTORY, DAYS[3])
            wait_until_published(stack.tables, [run.run_id], TIMEOUT_S)
            # A movie that was added since has brought its history.
            after = _popularity(stack, late)
            assert {source for _, source in after.values()} == {"export"}
            assert {movie_id: after[movie_id][0] for movie_id in exported} == exported
        changes = _rows(
            stack.client,
            "SELECT movie_id, popularity, popularity_change_1d AS change "
            "FROM tmdb_analytics.movie_daily_snapshots "
            f"WHERE snapshot_date = '{DAYS[3]}' AND is_tracked",
        )
        plans = _rows(
            stack.client,
            "SELECT export_date AS day, COUNT(*) AS plans "
            "FROM tmdb_analytics.batch_plan WHERE export_date IS NOT NULL GROUP BY 1",
        )
    assert len(changes) >= MOVIES
    for row in changes:
        if row["movie_id"] in exported:
            by_hand = row["popularity"] - exported[row["movie_id"]]
            assert row["change"] == pytest.approx(by_hand, abs=1e-9)
    assert {row["day"]: row["plans"] for row in plans} == {
        DAYS[0] - timedelta(days=1): 1,
        DAYS[0]: 1,
        DAYS[1]: 1,
        DAYS[2]: 1,
    }


def _popularity(stack: Stack, day: date) -> dict[int, tuple[float, str]]:
    """Return the popularity of a day's tracked movies, and its source."""
    rows = _rows(
        stack.client,
        "SELECT movie_id, popularity, popularity_source AS source "
        "FROM tmdb_analytics.movie_daily_snapshots "
        f"WHERE snapshot_date = '{day}' AND is_tracked",
    )
    return {row["movie_id"]: (row["popularity"], row["source"]) for row in rows}


def _exported(stack: Stack, day: date, wanted: Container[int]) -> dict[int, float]:
    """Return the popularity of movies, straight from the simulator's export."""
    assert stack.simulator is not None
    stack.steer_simulator({"faults": {}})
    connection = HTTPConnection("127.0.0.1", stack.simulator.port)
    connection.request("GET", f"/p/exports/movie_ids_{day:%m_%d_%Y}.json.gz")
    lines = gzip.decompress(connection.getresponse().read()).splitlines()
    connection.close()
    movies = map(json.loads, lines)
    return {
        movie["id"]: movie["popularity"] for movie in movies if movie["id"] in wanted
    }


def test_a_detail_run_of_a_past_day_is_refused(stack: Stack) -> None:
    past = (DAYS[-1] - timedelta(days=2)).isoformat()
    body = {"mode": "initial", "limit": 5, "run_date": past}
    status, answer = stack.call("ingest_changes", body)
    assert (status, answer["field"]) == (400, "run_date")
    assert '"history_day"' in answer["hint"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"mode": "hourly"}', "mode"),
        ('{"mode": "initial", "limit": 0}', "limit"),
        ('{"mode": "initial", "limit": -1}', "limit"),
        ('{"mode": "initial", "limit": "many"}', "limit"),
        ('{"mode": "initial", "limit": 1e9}', "limit"),
        ('{"mode": "daily"', "body"),
        ("", "body"),
    ],
)
def test_a_bad_call_is_answered_with_field_and_hint_and_does_nothing(
    stack: Stack, body: str, field: str
) -> None:
    runs = len(run_states.oldest_first(stack.tables))
    connection = HTTPConnection("127.0.0.1", stack.functions["ingest_changes"].port)
    connection.request("POST", "/", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    connection.close()
    assert response.status == 400
    assert answer["field"] == field
    assert answer["hint"]
    assert len(run_states.oldest_first(stack.tables)) == runs


def test_a_bad_message_is_parked_with_its_reason(stack: Stack) -> None:
    with local_topics.publisher(stack.pubsub_address) as topics:
        topics.publish(
            local_topics.topic_path(INGEST_REQUESTS), b'{"mode": "x"}'
        ).result(10)
    letters = stack.dead_letters()
    assert {letter.data for letter in letters} == {b'{"mode": "x"}'}
    assert letters[0].attributes["field"] == "mode"
    assert letters[0].attributes["hint"]


def test_no_log_line_holds_the_credential(stack: Stack) -> None:
    for server in stack.functions.values():
        text = server.log.read_text()
        assert "batch_stored" in text or server.name != "fetch_details"
        assert SIMULATED_TOKEN not in text


def test_every_log_line_is_json(stack: Stack) -> None:
    for server in stack.functions.values():
        for line in server.log.read_text().splitlines():
            assert json.loads(line)["severity"] in ("INFO", "WARNING", "ERROR")


@pytest.mark.exhaustive
def test_the_same_pipeline_runs_on_googles_own_pubsub(tmp_path: Path) -> None:
    try:
        find_google_emulator()
    except GoogleEmulatorError as error:
        pytest.skip(str(error))
    settings = _settings(HISTORY_DAYS="2")
    options = Options(settings, simulator=_simulator(), google_pubsub=True)
    with Stack(tmp_path, options) as stack:
        stack.tick(IngestRequest(Mode.INITIAL, FIRST))
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        [initial, history] = wait_until_published(stack.tables, ids, TIMEOUT_S)
    assert initial["fetched"] == MOVIES
    assert history["batches_done"] == 2


def test_a_wrong_key_and_an_unreachable_tmdb_fail_and_leave_nothing(
    tmp_path: Path,
) -> None:
    options = Options(
        _settings(TMDB_RETRY_S="1"), simulator=_simulator(), token="f" * 32
    )
    with Stack(tmp_path, options) as stack:
        status, answer = stack.call("ingest_changes", {"mode": "initial"})
        assert (status, answer["field"]) == (500, "TMDB_TOKEN_SECRET")
        assert "settings/api" in answer["hint"]
        # A new version of the secret is enough: no restart.
        stack.rotate_token(SIMULATED_TOKEN)
        assert stack.simulator is not None
        stack.simulator.process.kill()
        stack.simulator.process.wait()
        status, answer = stack.call("ingest_changes", {"mode": "initial"})
        assert (status, answer["field"]) == (503, "TMDB")
        assert run_states.oldest_first(stack.tables) == []
        assert _rows(stack.client, "SELECT * FROM tmdb_analytics.tracked_movies") == []
        log = stack.functions["ingest_changes"].log.read_text()
        assert "f" * 32 not in log
