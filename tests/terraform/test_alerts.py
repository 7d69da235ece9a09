"""Alerts: each fires with its fault and not without, on the logs of the local stack.

The stack runs days without a fault and with each fault. Every line of its functions is
converted to an entry of Cloud Logging, and matched with the filters of the plan.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.fault_injection.proxy import Answer, Call, Forward, Proxy, forwarded
from emulators.pubsub import PubSubEmulator
from functions.compute_metrics import breakouts
from functions.compute_metrics.clients import Clients
from local import archives, public_tables, topics
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.ledger import Ledger
from shared.logs import JsonFormatter
from shared.messages import DEAD_LETTERS, INGEST_REQUESTS, IngestRequest
from shared.runs import Mode, Run
from tests.fakes import FakeTables, FakeTopics
from tests.sql.googlesql import googlesql
from tests.stack_helpers import publish
from tests.terraform import log_filter
from tests.terraform.driver import Json
from tests.terraform.log_filter import Entry, FilterError, compiled, found
from tests.terraform.rules.reading import of_type

FIRST = date(2026, 6, 1)
TIMEOUT_S = 90.0
AWAY = "TMDB is away"
NO_WIKIPEDIA = "Wikidata and the page views are away"
LOGGED = ("run_incomplete", "check_failed", "function_failed", "viral_breakout")


@dataclass(slots=True)
class Days:
    """The logs of the functions by fault, and the waiting messages."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    dead_letters: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    proxy = Proxy()
    options = Options(
        {
            "TRACKED_MOVIES": "40",
            "HISTORY_DAYS": "3",
            "TMDB_RETRY_S": "2",
            # The last delivery records what is missing: in seconds, not in minutes.
            "MAX_DELIVERY_ATTEMPTS": "5",
        },
        simulator=("--seed=3", "--movies=200", f"--today={FIRST}"),
        before_bigquery=proxy.between,
        dashboard=True,
        wikipedia=True,
    )
    seen = Days()
    with Stack(tmp_path_factory.mktemp("alerts"), options) as stack:
        log = _Log(stack.logs)
        for name, happens in _scenarios(stack, proxy):
            happens()
            assert isinstance(stack.pubsub, PubSubEmulator)
            if name != AWAY:  # its effects do not end while it lasts
                _wait_until_idle(stack.pubsub)
            seen.entries[name] = list(log.new())
            waiting = stack.pubsub.stats()[topics.subscription_path(DEAD_LETTERS)]
            seen.dead_letters[name] = waiting.ready
    return seen


def _scenarios(stack: Stack, proxy: Proxy) -> Iterator[tuple[str, Callable[[], None]]]:
    def load() -> None:
        body = {"mode": "initial", "run_date": FIRST.isoformat()}
        assert stack.call("ingest_changes", body)[0] == 200
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(stack.tables, ids, TIMEOUT_S)

    yield "load", load
    yield "fine", lambda: _run_day_with_readers(stack, 1)

    def poison() -> None:
        rows = stack.client.query_and_wait(
            "SELECT movie_id FROM tmdb_analytics.tracked_movies WHERE rank <= 5"
        )
        faults = {"poison_movies": [row["movie_id"] for row in rows]}
        stack.steer_simulator({"faults": faults})
        _run_day(stack, 2)
        stack.steer_simulator({"faults": {}})

    yield "movies that cannot be read", poison

    def write_twice() -> None:
        day = FIRST + timedelta(days=2)
        stack.client.query_and_wait(
            "INSERT INTO tmdb_analytics.movie_daily_snapshots SELECT * "
            "FROM tmdb_analytics.movie_daily_snapshots "
            f"WHERE snapshot_date = '{day}' LIMIT 1"
        )
        body = {"from": day.isoformat(), "to": day.isoformat()}
        assert stack.call("compute_metrics", body)[1]["status"] == "withheld"

    yield "a row that is there twice", write_twice

    yield (
        "a message that means nothing",
        lambda: publish(stack, INGEST_REQUESTS, {"mode": "hourly"}),
    )

    def babble(function: str, body: Json) -> None:
        proxy.ambush = _nonsense
        with pytest.raises(json.JSONDecodeError):  # a crash answers in no JSON
            stack.call(function, body)
        proxy.ambush = forwarded

    days = {"from": str(FIRST), "to": str(FIRST)}
    yield "BigQuery answers nonsense", lambda: babble("compute_metrics", days)
    page = {"snapshot_date": str(FIRST)}
    yield "a page that cannot be rendered", lambda: babble(archives.DASHBOARD, page)

    yield NO_WIKIPEDIA, lambda: _run_day_without_wikipedia(stack, 3)

    def leave() -> None:
        deferred = _lines(stack.logs, "delivery_deferred")
        stack.steer_simulator({"faults": {"outage_s": 300.0}})
        stack.tick(IngestRequest(Mode.DAILY, FIRST + timedelta(days=4)))
        give_up_at = time.monotonic() + TIMEOUT_S
        while _lines(stack.logs, "delivery_deferred") == deferred:
            assert time.monotonic() < give_up_at, "nothing was deferred"
            time.sleep(0.1)
        stack.steer_simulator({"faults": {}})

    yield AWAY, leave


def _lines(folder: Path, event: str) -> int:
    """Return the number of lines of an event in all logs."""
    return sum(path.read_text().count(f'"{event}"') for path in folder.glob("*.log"))


def _nonsense(call: Call, forward: Forward) -> Answer:
    is_query = call.method == "POST" and call.path.split("?")[0].endswith(
        ("/queries", "/jobs")
    )
    return Answer(200, b"[]") if is_query else forward(call)


def _wait_until_idle(pubsub: PubSubEmulator) -> None:
    """Wait until all deliveries have ended, so that the next crash is the only one."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while not pubsub.idle():
        assert time.monotonic() < give_up_at, "Pub/Sub still has something to deliver"
        time.sleep(0.1)


def _run_day(stack: Stack, number: int) -> None:
    day = FIRST + timedelta(days=number)
    stack.set_today(day)
    stack.tick(IngestRequest(Mode.DAILY, day))
    wait_until_published(stack.tables, [Run(Mode.DAILY, day).run_id], TIMEOUT_S)


def _run_day_with_readers(stack: Stack, number: int) -> None:
    assert stack.wikipedia
    stack.wikipedia.publish(stack.client, [FIRST + timedelta(days=number - 1)])
    _run_day(stack, number)


def _run_day_without_wikipedia(stack: Stack, number: int) -> None:
    """Run a day on which Wikidata is down and the public dataset is gone."""
    assert stack.wikipedia
    stack.wikipedia.wikidata.is_down = True
    # Articles that are known are looked up again after 7 days.
    stack.client.query_and_wait(
        "UPDATE tmdb_analytics.movie_articles\n"
        "SET last_seen = DATE_SUB(last_seen, INTERVAL 7 DAY) WHERE TRUE"
    )
    public = f"{public_tables.PROJECT}.{public_tables.DATASET}"
    stack.client.delete_dataset(public, delete_contents=True)
    _run_day(stack, number)


class _Log:
    """Return the functions' new log lines since the last call, as entries."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[Path, int] = {}

    def new(self) -> Iterator[Entry]:
        time.sleep(0.5)  # the last lines may still be written
        for path in sorted(self._folder.glob("*.log")):
            function = path.name.split(".")[0]
            if function in archives.FUNCTIONS:
                lines = path.read_text().splitlines()
                for line in lines[self._read.get(path, 0) :]:
                    yield entry_of(line, function)
                self._read[path] = len(lines)


def entry_of(line: str, function: str) -> Entry:
    """Return a line of standard output as an entry of Cloud Logging."""
    resource = {
        "type": "cloud_run_revision",
        "labels": {"service_name": function.replace("_", "-")},
    }
    try:
        payload = json.loads(line)
    except ValueError:
        return {"resource": resource, "severity": "DEFAULT", "textPayload": line}
    severity = payload.pop("severity")
    return {"resource": resource, "severity": severity, "jsonPayload": payload}


@pytest.fixture(scope="module")
def alerts(plan: Json) -> dict[str, Json]:
    policies = of_type(plan, "google_monitoring_alert_policy")
    return {policy["index"]: policy["values"]["conditions"][0] for policy in policies}


@pytest.fixture(scope="module")
def filters(alerts: dict[str, Json]) -> dict[str, log_filter.Test]:
    return {
        name: compiled(condition["condition_matched_log"][0]["filter"])
        for name, condition in alerts.items()
        if condition["condition_matched_log"]
    }


@pytest.fixture(scope="module")
def log_metrics(plan: Json) -> dict[str, Json]:
    metrics = of_type(plan, "google_logging_metric")
    return {metric["index"]: metric["values"] for metric in metrics}


FAULTS = {
    "movies that cannot be read": "run_incomplete",
    "a row that is there twice": "check_failed",
    "BigQuery answers nonsense": "function_failed",
    "a page that cannot be rendered": "function_failed",
}


def _raised(filters: dict[str, log_filter.Test], entries: list[Entry]) -> set[str]:
    return {name for name in filters if any(map(filters[name], entries))}


@pytest.mark.emulator
@pytest.mark.parametrize("scenario", FAULTS)
def test_a_fault_raises_its_alert_and_no_other(
    scenario: str, days: Days, filters: dict[str, log_filter.Test]
) -> None:
    raised = _raised(filters, days.entries[scenario])
    assert raised - {"viral_breakout"} == {FAULTS[scenario]}


@pytest.mark.emulator
@pytest.mark.parametrize("scenario", ["load", "fine", NO_WIKIPEDIA, AWAY])
def test_no_alert_is_raised_by_what_recovers(
    scenario: str, days: Days, filters: dict[str, log_filter.Test]
) -> None:
    raised = _raised(filters, days.entries[scenario])
    assert raised <= {"viral_breakout"}
    assert days.entries[scenario]


@pytest.mark.emulator
def test_wikipedia_that_cannot_be_read_is_two_warnings(days: Days) -> None:
    warned = {
        entry["jsonPayload"]["message"]
        for entry in days.entries[NO_WIKIPEDIA]
        if entry["severity"] == "WARNING"
    }
    assert warned >= {"articles_not_looked_up", "attention_not_read"}
    read = [
        name
        for name, entries in days.entries.items()
        if "attention_read" in map(_message, entries)
    ]
    assert "fine" in read
    assert NO_WIKIPEDIA not in read


def _message(entry: Entry) -> str | None:
    message: str | None = entry.get("jsonPayload", {}).get("message")
    return message


@pytest.mark.emulator
def test_a_run_that_is_published_is_counted_and_a_missing_one_is_missed(
    days: Days, log_metrics: dict[str, Json], alerts: dict[str, Json]
) -> None:
    counted = compiled(log_metrics["runs_published"]["filter"])
    published = {name: sum(map(counted, days.entries[name])) for name in days.entries}
    assert published["load"] == 1  # a history run is no daily run
    assert published["fine"] == 1
    assert published["movies that cannot be read"] == 1
    assert published[AWAY] == 0
    assert published["a row that is there twice"] == 0  # withheld
    [promql] = alerts["run_overdue"]["condition_prometheus_query_language"]
    assert "runs_published{" in promql["query"]
    assert promql["query"].endswith("[26h])) or vector(0)) < 0.5")


@pytest.mark.emulator
def test_a_dead_letter_waits_where_the_alert_looks(
    days: Days, alerts: dict[str, Json]
) -> None:
    [threshold] = alerts["dead_letters"]["condition_threshold"]
    assert f'resource.labels.subscription_id="{DEAD_LETTERS}"' in threshold["filter"]
    above = threshold["threshold_value"]
    assert days.dead_letters["a message that means nothing"] > above
    assert days.dead_letters["fine"] <= above


@pytest.mark.emulator
def test_every_field_that_is_extracted_is_a_number_in_the_logs(
    days: Days, log_metrics: dict[str, Json]
) -> None:
    extracted = {name: m for name, m in log_metrics.items() if m["value_extractor"]}
    assert extracted
    for name, metric in extracted.items():
        path = metric["value_extractor"].removeprefix("EXTRACT(").removesuffix(")")
        matching = compiled(metric["filter"])
        values = [
            found(entry, path)
            for entries in days.entries.values()
            for entry in filter(matching, entries)
        ]
        assert values, name
        assert all(isinstance(value, int | float) for value in values), name


@pytest.mark.emulator
def test_every_field_that_an_alert_shows_is_in_a_line_that_raises_it(
    days: Days, alerts: dict[str, Json]
) -> None:
    line = _breakout()
    every = [entry for entries in days.entries.values() for entry in entries] + [line]
    for name in LOGGED:
        [condition] = alerts[name]["condition_matched_log"]
        raising = list(filter(compiled(condition["filter"]), every))
        for label, extractor in condition["label_extractors"].items():
            path = extractor.removeprefix("EXTRACT(").removesuffix(")")
            # A closed run has a reason; tests/benchmarks closes one.
            is_elsewhere = (name, label) == ("run_incomplete", "reason")
            shown = any(found(entry, path) is not None for entry in raising)
            assert shown or is_elsewhere, (name, label)


def test_a_breakout_raises_its_alert(
    alerts: dict[str, Json], filters: dict[str, log_filter.Test]
) -> None:
    line = _breakout()
    assert [name for name in filters if filters[name](line)] == ["viral_breakout"]


def _breakout() -> Entry:
    """Return the line of a day on which a movie breaks out."""
    movie = {"movie_id": 1, "title": "Dune", "viral_coefficient": 87.4}
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(JsonFormatter("p").format(record))  # type: ignore[method-assign]
    logger = logging.getLogger(breakouts.__name__)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        tables = FakeTables(answers={"new_breakouts": [movie]})
        clients = Clients(tables, Ledger(tables, "test"), FakeTopics())
        breakouts.announce(Run(Mode.DAILY, FIRST), clients)
    finally:
        logger.removeHandler(handler)
    [line] = lines
    return entry_of(line, "compute_metrics")


@pytest.mark.parametrize(("status", "is_raised"), [(500, True), (503, False)])
def test_cloud_runs_line_about_a_503_is_no_crash(
    status: int, filters: dict[str, log_filter.Test], *, is_raised: bool
) -> None:
    labels = {"service_name": "fetch-details"}
    resource = {"type": "cloud_run_revision", "labels": labels}
    request = {"httpRequest": {"status": status}, "severity": "ERROR"}
    raised = _raised(filters, [request | {"resource": resource}])
    assert raised == ({"function_failed"} if is_raised else set())


def test_every_first_look_is_a_query_that_google_takes(plan: Json) -> None:
    policies = of_type(plan, "google_monitoring_alert_policy")
    for policy in policies:
        content = policy["values"]["documentation"][0]["content"]
        [query] = re.findall(
            r'First look: bq .* query --nouse_legacy_sql "(.*)"', content
        )
        # In double quotes a shell executes text in backquotes.
        assert not re.search(r"(?<!\\)`|\$\(", query), policy["index"]
        if "INFORMATION_SCHEMA" not in query:  # the analyzer's catalog lacks it
            assert googlesql().analyze(query)
    assert len(policies) == 7


@pytest.mark.emulator
@pytest.mark.parametrize(
    ("scenario", "function"),
    [
        ("BigQuery answers nonsense", "compute-metrics"),
        ("a page that cannot be rendered", "render-dashboard"),
    ],
)
def test_a_crash_is_one_error_with_its_stack_trace(
    scenario: str, function: str, days: Days
) -> None:
    """Error Reporting counts every line with a stack trace."""
    crashed = days.entries[scenario]
    errors = [entry for entry in crashed if entry["severity"] == "ERROR"]
    names = [entry["resource"]["labels"]["service_name"] for entry in errors]
    assert names == [function]
    assert [bool(found(error, "jsonPayload.stack_trace")) for error in errors] == [True]
    assert not [e for e in crashed if "Traceback" in e.get("textPayload", "")]


@pytest.mark.emulator
def test_what_was_expected_leaves_no_stack_trace(days: Days) -> None:
    crashed = {name for name, alert in FAULTS.items() if alert == "function_failed"}
    for scenario in days.entries.keys() - crashed:
        for entry in days.entries[scenario]:
            assert "Traceback" not in json.dumps(entry), scenario


@pytest.mark.emulator
def test_every_line_says_when_what_and_of_which_run_day_or_views(days: Days) -> None:
    ours = [
        entry["jsonPayload"]
        for entries in days.entries.values()
        for entry in entries
        if "jsonPayload" in entry
        and entry["jsonPayload"]["logger"].startswith(("functions.", "shared."))
    ]
    assert {line["message"] for line in ours} >= {
        "run_planned",
        "batch_stored",
        "run_completed",
        "metrics_published",
        "dashboard_rendered",
        "delivery_refused",
        "delivery_deferred",
    }
    for line in ours:
        assert datetime.fromisoformat(line["time"]).tzinfo == UTC
        assert line.keys() & OF_WHAT, line


OF_WHAT = {"run_id", "day", "snapshot_date", "field", "views"}
"""A run; a day of any run; the export of an error; the created views."""


def test_a_filter_is_read_as_google_reads_it() -> None:
    entry = {"severity": "ERROR", "jsonPayload": {"a": "x", "b": False}}
    assert compiled('jsonPayload.a=("w" OR "x") AND severity>=WARNING')(entry)
    assert compiled('NOT jsonPayload.c=~"^x" AND jsonPayload.b=false')(entry)
    # OR binds closer: (x or y) and z
    assert not compiled('jsonPayload.a="x" OR jsonPayload.a="y" AND jsonPayload.a="z"')(
        entry
    )
    assert not compiled("severity>=CRITICAL")(entry)
    for wrong in ("severity=>ERROR", "a=b", 'a="b" c="d"', '(a="b"'):
        with pytest.raises(FilterError):
            compiled(wrong)
