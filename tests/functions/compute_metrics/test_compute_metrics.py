"""compute_metrics: requests against fakes; what is published, withheld and recorded.

test_publication.py goes through the real warehouse, on the embedded BigQuery.
"""

import logging
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.compute_metrics import breakouts, checks, compute, views
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.deadline import Deadline
from functions.compute_metrics.main import run
from shared import clock, sql_files
from shared.delivery import Delivery
from shared.errors import DeadlineError, StatementError, WarehouseUnavailableError
from shared.interfaces import Bill, Lock, Outcome, Parameter
from shared.ledger import Ledger
from shared.messages import MetricsRequest, ViewsRequest
from tests.conftest import ROOT
from tests.fakes import FakeTables, FakeTopics, run_status

DAY = date(2026, 3, 10)
DELIVERY = Delivery("17", datetime(2026, 3, 10, 9, tzinfo=UTC), 2, True, b"")  # noqa: FBT003
RUN_ID = "daily-2026-03-10"
OF_RUN = MetricsRequest(RUN_ID, DAY, DAY)
DAYS = [DAY + timedelta(n) for n in range(-2, 1)]
OF_RANGE = MetricsRequest(None, DAYS[0], DAYS[-1])
HASHES = views.hashes(sql_files.views())
VIEWS = [view.labelled(views.LABEL, HASHES[view.view]) for view in sql_files.views()]
SCRIPT = "-- metrics: "
BILLED = 1000
"""Of every script."""


@dataclass(eq=False)
class RefusingTables(FakeTables):
    """BigQuery that finds what it is told to, and refuses the statement it is told to.

    published: the days that were published before.
    refuse: how the refused statement begins.
    """

    found: list[dict[str, Any]] = field(default_factory=list)
    published: set[date] = field(default_factory=set)
    refuse: str = ""
    error: Exception = field(default_factory=lambda: StatementError("no"))

    def execute(
        self, sql: str, *, timeout_s: float = 480.0, **parameters: Parameter
    ) -> tuple[int, int]:
        if self.refuse and sql.startswith(self.refuse):
            raise self.error
        super().execute(sql, timeout_s=timeout_s, **parameters)
        return 10, 1000

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        bill.add(BILLED)
        if self.refuse and sql.startswith(self.refuse):
            raise self.error
        super().run_alone(
            sql, lock=lock, bill=Bill(), timeout_s=timeout_s, **parameters
        )
        first, last = parameters["from_date"], parameters["to_date"]
        rows = [
            {**row, "was_published": row["day"] in self.published, "written": 10}
            for row in self.found
            if first <= row["day"] <= last
        ]
        nothing = {"check_name": None, "written": 10}
        return Outcome(rows or [nothing], clock.now() - timedelta(seconds=5))

    def scripts(self) -> list[tuple[Parameter, Parameter]]:
        """Return the days of every script."""
        return [
            (days["from_date"], days["to_date"])
            for sql, days in self.executed
            if sql.startswith(SCRIPT)
        ]


def _found(check: str, day: date, **fields: Any) -> dict[str, Any]:
    return {
        "check_name": check,
        "severity": "fail",
        "day": day,
        "movie_id": 7,
        "problem": "it is odd",
        "offending": 4,
        **fields,
    }


def _clients(
    found: list[dict[str, Any]] | None = None,
    *,
    is_published: bool = False,
    first: date | None = None,
    of_run: dict[str, Any] | None = None,
    broke_out: list[dict[str, Any]] | None = None,
    **more: Any,
) -> tuple[Clients, RefusingTables, FakeTopics]:
    status = run_status(
        is_metrics_requested=True, is_published=is_published, **of_run or {}
    )
    tables = RefusingTables(
        answers={
            "new_breakouts": broke_out or [],
            "run_status": [status],
            "history_range": [{"first": first, "is_published": True}],
        },
        found=found or [],
        **more,
    )
    topics = FakeTopics()
    return Clients(tables, Ledger(tables, "test"), topics), tables, topics


def _logged(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.message == event]


def test_the_views_come_first_and_then_one_script_of_everything() -> None:
    clients, tables, _ = _clients()
    run(OF_RUN, DELIVERY, clients)
    executed = [sql for sql, _ in tables.executed]
    assert executed[:-1] == VIEWS
    parts = [
        "BEGIN TRANSACTION;",
        *(statement.sql.strip() for statement in sql_files.daily()),
        checks.as_one_query(checks.read()),
        sql_files.of_folder("gate")["publish"].strip(),
        "COMMIT TRANSACTION;",
    ]
    places = [executed[-1].index(part) for part in parts]
    assert places == sorted(places)
    assert tables.scripts() == [(DAY, DAY)]


def test_a_request_for_the_views_makes_them_and_computes_nothing() -> None:
    clients, tables, topics = _clients()
    run(OF_RUN, DELIVERY, clients)
    tables.executed.clear()
    tables.appended.clear()
    said = run(ViewsRequest(), DELIVERY, clients)
    assert [sql for sql, _ in tables.executed] == VIEWS
    assert said == {"status": "views made", "views": len(sql_files.views())}
    assert (tables.appended, topics.published) == ({}, [])


def test_views_are_looked_at_once_per_instance() -> None:
    clients, tables, _ = _clients()
    run(OF_RUN, DELIVERY, clients)
    tables.executed.clear()
    run(OF_RANGE, DELIVERY, clients)
    assert len(tables.executed) == len(tables.scripts()) == 1


def test_views_that_are_as_their_files_say_are_not_made_again() -> None:
    clients, tables, _ = _clients(labels=dict(HASHES))
    run(OF_RUN, DELIVERY, clients)
    assert len(tables.executed) == len(tables.scripts()) == 1


def test_only_the_views_that_are_missing_or_changed_are_made() -> None:
    stored = HASHES | {"v_breakouts": "of an older text"}
    del stored["v_run_status"]
    clients, tables, _ = _clients(labels=stored)
    run(OF_RUN, DELIVERY, clients)
    made = [sql for sql, _ in tables.executed[:-1]]
    changed = ("v_breakouts", "v_run_status")
    assert made == [
        sql
        for sql, view in zip(VIEWS, sql_files.views(), strict=True)
        if view.view in changed
    ]
    assert len(made) == 2


def test_views_that_could_not_all_be_made_are_looked_at_again() -> None:
    clients, tables, _ = _clients(refuse=VIEWS[3][:80])
    with pytest.raises(StatementError):
        run(OF_RUN, DELIVERY, clients)
    tables.refuse = ""
    tables.labels = {view.view: HASHES[view.view] for view in sql_files.views()[:3]}
    tables.executed.clear()
    run(OF_RUN, DELIVERY, clients)
    assert [sql for sql, _ in tables.executed[:-1]] == VIEWS[3:]


def _view(name: str, query: str) -> sql_files.Statement:
    makes = f"CREATE OR REPLACE VIEW tmdb_analytics.{name} AS\n"
    return sql_files.Statement(name, f"-- {name}: a view.\n{makes}{query}\n")


def test_a_view_is_another_when_what_it_reads_is() -> None:
    first = _view("one", "SELECT 1")
    second = _view("two", "SELECT * FROM tmdb_analytics.one")
    third = _view("three", "SELECT * FROM tmdb_analytics.two")
    alone = _view("alone", "SELECT * FROM tmdb_analytics.movies")
    before = views.hashes([first, second, third, alone])
    changed = _view("one", "SELECT 2")
    after = views.hashes([changed, second, third, alone])
    different = {name for name in before if before[name] != after[name]}
    assert different == {"one", "two", "three"}
    # In whatever order views stand that do not read each other.
    assert views.hashes([alone, first, second, third]) == before


def test_nothing_found_publishes_and_is_recorded() -> None:
    clients, tables, _ = _clients()
    answer = run(OF_RUN, DELIVERY, clients)
    assert not tables.events("CHECK_FAILED")
    [done] = tables.events("METRICS_DONE")
    assert done["run_id"] == RUN_ID
    assert (done["message_id"], done["delivery_attempt"]) == ("17", 2)
    assert done["written"] == 10
    assert done["bytes_billed"] == BILLED
    assert done["seconds"] >= 5  # since the script began
    assert answer["status"] == "published"
    assert (answer["from"], answer["to"]) == ("2026-03-10", "2026-03-10")


def test_a_run_of_history_is_published_from_its_first_day() -> None:
    clients, tables, _ = _clients(first=DAYS[0])
    run(MetricsRequest("history-2026-03-10", DAY, DAY), DELIVERY, clients)
    assert tables.scripts() == [(DAYS[0], DAY)]


def test_a_failed_check_withholds_the_day_and_is_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables, _ = _clients([_found("orphan_rows", DAY)])
    answer = run(OF_RUN, DELIVERY, clients)
    assert not tables.events("METRICS_DONE")
    [failed] = tables.events("CHECK_FAILED")
    reason = "orphan_rows: 4 on 2026-03-10, movie 7: it is odd"
    assert failed["reason"] == reason
    assert (failed["run_id"], failed["message_id"]) == (RUN_ID, "17")
    assert failed["seconds"] > 0
    assert (answer["status"], answer["failed_checks"]) == ("withheld", [reason])
    [logged] = _logged(caplog, "check_failed")
    assert (logged.levelno, logged.__dict__["check"]) == (logging.ERROR, "orphan_rows")
    assert _logged(caplog, "metrics_withheld")


def test_a_published_day_that_would_fail_is_left_out_and_the_others_are_computed() -> (
    None
):
    found = [_found("duplicate_keys", DAYS[1])]
    clients, tables, _ = _clients(found, published={*DAYS})
    answer = run(OF_RANGE, DELIVERY, clients)
    assert tables.scripts() == [
        (DAYS[0], DAYS[2]),  # commits nothing
        (DAYS[0], DAYS[0]),
        (DAYS[2], DAYS[2]),
    ]
    assert answer["status"] == "withheld"
    [reason] = answer["failed_checks"]
    assert reason.startswith("duplicate_keys: 4 on 2026-03-09")


def test_a_day_that_fails_and_was_never_published_is_stored_to_be_looked_at() -> None:
    clients, tables, _ = _clients([_found("duplicate_keys", DAYS[1])])
    assert run(OF_RANGE, DELIVERY, clients)["status"] == "withheld"
    assert tables.scripts() == [(DAYS[0], DAYS[2])]


def test_bytes_are_counted_of_every_script_and_once() -> None:
    found = [_found("duplicate_keys", DAYS[1]), _found("orphan_rows", DAYS[1])]
    clients, tables, _ = _clients(found, published={*DAYS})
    run(OF_RANGE, DELIVERY, clients)
    billed = [row.get("bytes_billed") for row in tables.events("CHECK_FAILED")]
    assert billed == [3 * BILLED, None]


def test_a_computation_that_fails_says_what_it_billed_and_why() -> None:
    clients, tables, _ = _clients(
        refuse=SCRIPT, error=WarehouseUnavailableError("away")
    )
    with pytest.raises(WarehouseUnavailableError):
        run(OF_RUN, DELIVERY, clients)
    [event] = tables.appended["ingestion_log"]
    assert (event["event"], event["bytes_billed"]) == ("COMPUTATION_FAILED", BILLED)
    assert (event["run_id"], event["reason"]) == (RUN_ID, "away")


def test_a_day_that_an_operator_withholds_is_computed_and_not_published(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, tables, _ = _clients([_found("withheld_days", DAY, severity="hold")])
    answer = run(OF_RUN, DELIVERY, clients)
    assert (answer["status"], answer["withheld_by_operator"]) == (
        "withheld",
        ["2026-03-10"],
    )
    assert tables.events("METRICS_DONE")
    assert not tables.events("CHECK_FAILED")
    assert not _logged(caplog, "metrics_published")
    assert not _logged(caplog, "check_failed")
    assert _logged(caplog, "metrics_held")


def test_every_failed_check_is_recorded() -> None:
    found = [_found("duplicate_keys", DAY), _found("orphan_rows", DAY)]
    clients, tables, _ = _clients(found)
    run(OF_RUN, DELIVERY, clients)
    checks = [row["reason"].split(":")[0] for row in tables.events("CHECK_FAILED")]
    assert checks == ["duplicate_keys", "orphan_rows"]


def test_what_is_published_says_how_good_the_run_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = _clients(of_run={"coverage": 0.5, "is_covered": False})
    answer = run(OF_RUN, DELIVERY, clients)
    [logged] = _logged(caplog, "metrics_published")
    assert logged.levelno == logging.ERROR
    assert (answer["coverage"], answer["is_covered"]) == (0.5, False)
    assert answer["run_seconds"] > answer["seconds"]


def test_days_asked_for_by_hand_say_nothing_of_a_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = _clients(broke_out=[_breakout(1)])
    answer = run(OF_RANGE, DELIVERY, clients)
    assert "coverage" not in answer
    assert _logged(caplog, "metrics_published")
    assert not _logged(caplog, "breakouts_found")


def _breakout(movie_id: int, title: str | None = "Dune") -> dict[str, Any]:
    return {"movie_id": movie_id, "title": title, "viral_coefficient": 87.4}


def test_who_breaks_out_is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = _clients(broke_out=[_breakout(1), _breakout(2, None)])
    run(OF_RUN, DELIVERY, clients)
    [logged] = _logged(caplog, "breakouts_found")
    assert logged.__dict__["headline"] == (
        "Dune (87 of 100) https://www.themoviedb.org/movie/1; "
        "movie 2 (87 of 100) https://www.themoviedb.org/movie/2"
    )
    assert logged.__dict__["count"] == 2


def test_a_headline_stays_short() -> None:
    told = breakouts.headline([_breakout(n, "x" * 200) for n in range(400)])
    assert told.endswith("; and 395 more in v_breakouts")
    assert len(told) < 1024  # what a label of an incident takes


def test_a_weekly_run_publishes_no_day() -> None:
    clients, tables, _ = _clients()
    request = MetricsRequest("weekly-2026-03-10", DAY, DAY)
    assert run(request, DELIVERY, clients)["status"] == "publishes no day"
    assert not tables.executed
    assert not tables.appended


@pytest.mark.parametrize("mode", ["initial", "history"])
def test_only_daily_runs_tell_who_breaks_out(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = _clients(broke_out=[_breakout(1)])
    run(MetricsRequest(f"{mode}-2026-03-10", DAY, DAY), DELIVERY, clients)
    assert not _logged(caplog, "breakouts_found")


def test_a_run_that_is_published_again_announces_who_was_not_announced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    before = {"ended_at": datetime(2026, 3, 10, 9, 5, tzinfo=UTC)}
    # What the query leaves out, its own case says: tests/sql/new_breakouts/announced.
    clients, tables, _ = _clients(of_run=before, broke_out=[_breakout(1)])
    assert run(OF_RUN, DELIVERY, clients)["status"] == "published"
    assert _logged(caplog, "breakouts_found")
    [announced] = tables.events("BREAKOUT_ANNOUNCED")
    assert (announced["run_id"], announced["movie_id"]) == (RUN_ID, 1)


def test_breakouts_are_announced_before_the_run_is_done() -> None:
    clients, tables, _ = _clients(broke_out=[_breakout(1), _breakout(2)])
    run(OF_RUN, DELIVERY, clients)
    events = [row["event"] for row in tables.appended["ingestion_log"]]
    assert events == ["BREAKOUT_ANNOUNCED", "BREAKOUT_ANNOUNCED", "METRICS_DONE"]


def test_a_withheld_day_tells_no_breakout(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = _clients([_found("orphan_rows", DAY)], broke_out=[_breakout(1)])
    run(OF_RUN, DELIVERY, clients)
    assert not _logged(caplog, "breakouts_found")


@dataclass(eq=False)
class ForgetfulTables(RefusingTables):
    """BigQuery that cannot say who broke out."""

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        if sql == sql_files.new_breakouts().sql:
            raise self.error
        return super().select(sql, **parameters)


def _forgetful(error: Exception) -> tuple[Clients, ForgetfulTables]:
    _, known, topics = _clients()
    tables = ForgetfulTables(answers=known.answers, error=error)
    return Clients(tables, Ledger(tables, "test"), topics), tables


def test_a_day_stays_published_when_its_breakouts_cannot_be_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables = _forgetful(StatementError("no such column"))
    assert run(OF_RUN, DELIVERY, clients)["status"] == "published"
    assert tables.events("METRICS_DONE")
    assert _logged(caplog, "breakouts_unknown")


def test_breakouts_that_cannot_be_asked_for_now_are_asked_for_again() -> None:
    clients, tables = _forgetful(WarehouseUnavailableError("away"))
    with pytest.raises(WarehouseUnavailableError):
        run(OF_RUN, DELIVERY, clients)
    assert not tables.events("METRICS_DONE")


def test_a_warning_publishes_and_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    found = [
        _found("coverage", DAY, movie_id=None, problem="coverage 0.5", severity="warn")
    ]
    clients, tables, topics = _clients(found)
    answer = run(OF_RUN, DELIVERY, clients)
    [warned] = _logged(caplog, "check_warned")
    assert warned.levelno == logging.WARNING
    assert warned.__dict__["examples"] == ["coverage 0.5"]
    assert [row["event"] for row in tables.appended["ingestion_log"]] == [
        "METRICS_DONE"
    ]
    assert not topics.published
    assert answer["status"] == "published"
    assert _logged(caplog, "metrics_published")


@pytest.mark.parametrize(
    ("found", "event"),
    [
        ([], "METRICS_DONE"),
        ([_found("freshness", DAY, movie_id=None)], "CHECK_FAILED"),
    ],
)
def test_a_range_of_days_belongs_to_no_run_and_is_recorded_for_itself(
    found: list[dict[str, Any]], event: str
) -> None:
    clients, tables, _ = _clients(found)
    run(OF_RANGE, DELIVERY, clients)
    [row] = tables.appended["ingestion_log"]
    assert (row["event"], row["mode"]) == (event, "metrics")
    assert row["run_id"] == "metrics-2026-03-08-2026-03-10"
    assert row["run_date"] == "2026-03-10"
    assert row["bytes_billed"] == BILLED


def test_every_statement_gets_what_is_left_of_the_deadline_of_all() -> None:
    clients, tables, _ = _clients()
    run(OF_RUN, DELIVERY, clients)
    assert len(tables.timeouts_s) == len(VIEWS) + 1
    assert tables.timeouts_s == sorted(tables.timeouts_s, reverse=True)
    assert tables.timeouts_s[0] < compute.PUSHED_S
    with pytest.raises(DeadlineError, match="longer than 0 s"):
        compute.of_run(OF_RUN, DELIVERY, clients, Deadline.after(0))


def test_one_lock_is_for_every_computation_and_its_owner_is_the_message() -> None:
    clients, tables, _ = _clients()
    run(OF_RUN, DELIVERY, clients)
    run(OF_RANGE, DELIVERY, clients)
    assert [lock.name for lock in tables.locks] == ["metrics", "metrics"]
    assert [lock.owner for lock in tables.locks] == [
        "20260310-20260310-17",
        "20260308-20260310-17",
    ]


def test_a_long_range_that_a_person_calls_for_is_queued() -> None:
    call = Delivery("call", DELIVERY.published_at, 1, is_pushed=False, data=b"")
    longest = MetricsRequest(
        None, DAY - timedelta(compute.MOST_DAYS_OF_A_CALL - 1), DAY
    )
    clients, tables, topics = _clients()
    assert run(longest, call, clients)["status"] == "published"
    longer = MetricsRequest(None, longest.from_date - timedelta(1), DAY)
    tables.executed.clear()
    answer = run(longer, call, clients)
    assert answer["status"] == "requested"
    assert "ingestion_log" in answer["look"]
    assert topics.bodies("metrics-requests") == [longer.to_json()]
    assert not tables.executed
    # Delivered by Pub/Sub it is computed.
    assert run(longer, DELIVERY, clients)["status"] == "published"


def test_a_call_has_less_time_than_gcloud_waits_and_a_push_than_the_function() -> None:
    functions = (ROOT / "terraform/functions.tf").read_text()
    block = functions.partition("compute_metrics = {")[2].partition("}")[0]
    found = re.search(r"timeout_s\s+= (\d+)", block)
    assert found
    assert int(found[1]) >= compute.PUSHED_S + 30
    assert compute.CALLED_S < 300


def test_a_second_delivery_of_a_published_run_does_nothing() -> None:
    clients, tables, _ = _clients(is_published=True)
    answer = run(OF_RUN, DELIVERY, clients)
    assert answer == {"run_id": RUN_ID, "status": "already published"}
    assert not tables.executed
    assert not tables.appended


@pytest.mark.parametrize("refuse", [VIEWS[0], VIEWS[-1], SCRIPT])
@pytest.mark.parametrize(
    "error", [StatementError("no"), WarehouseUnavailableError("away")]
)
def test_an_error_in_a_statement_propagates_and_nothing_is_published(
    refuse: str, error: Exception
) -> None:
    clients, tables, _ = _clients(refuse=refuse, error=error)
    with pytest.raises(type(error)):
        run(OF_RUN, DELIVERY, clients)
    assert not tables.scripts()
    assert not tables.events("METRICS_DONE")
