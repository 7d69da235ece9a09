"""compute_metrics: requests against fakes; what is published, withheld and recorded.

test_publication.py goes through the real warehouse, on the embedded BigQuery.
"""

import logging
import re
from datetime import timedelta
from typing import Any

import pytest

from functions.compute_metrics import checks, compute, views
from functions.compute_metrics.deadline import CALLED_S, PUSHED_S, Deadline
from functions.compute_metrics.main import run
from shared import sql_files, sql_scripts
from shared.delivery import Delivery
from shared.errors import DeadlineError, StatementError, WarehouseUnavailableError
from shared.messages import MetricsRequest, ViewsRequest
from tests.conftest import ROOT
from tests.functions.compute_metrics.fake_clients import (
    BILLED,
    DAY,
    DAYS,
    DELIVERY,
    HASHES,
    OF_RANGE,
    OF_RUN,
    RUN_ID,
    SCRIPT,
    VIEWS,
    breakout,
    fake_clients,
    found_by,
    records_of,
)


def test_the_views_come_first_and_then_one_script_of_everything() -> None:
    clients, tables, _ = fake_clients()
    run(OF_RUN, DELIVERY, clients)
    executed = [sql for sql, _ in tables.executed]
    assert executed[:-1] == VIEWS
    first = {each.name: each.sql.splitlines()[0] for each in sql_files.daily()}
    parts = [
        "BEGIN TRANSACTION;",
        "SET first_details_day = (\n-- first_details_day: ",
        first.pop("20_movies"),
        first.pop("30_movie_daily_snapshots"),
        "SET first_past_day = (\n-- first_past_day: ",
        first.pop("35_movie_daily_snapshots"),
        first.pop("40_catalogue_days"),
        first.pop("50_movie_viral_signals"),
        # The shift of the days themselves is known by now.
        "SET first_class_day = (\n-- first_class_day: ",
        *first.values(),
        checks.as_one_query(checks.read()),
        sql_files.of_folder("gate")["publish"].strip(),
        "MERGE tmdb_analytics.latest_movie_metrics",
        "COMMIT TRANSACTION;",
    ]
    places = [executed[-1].index(part) for part in parts]
    assert places == sorted(places)
    assert "@first_" not in executed[-1]
    assert tables.scripts() == [(DAY, DAY)]


def test_days_of_before_the_small_tables_are_filled_in_once_per_instance() -> None:
    clients, tables, _ = fake_clients()
    tables.answers["lacking_days"] = [{"from_date": DAYS[0], "to_date": DAY}]
    run(OF_RUN, DELIVERY, clients)
    run(OF_RUN, DELIVERY, clients)
    filled = [
        about for sql, about in tables.executed if sql == sql_scripts.small_tables()
    ]
    assert [(of["from_date"], of["to_date"]) for of in filled] == [(DAYS[0], DAY)]


def test_a_request_for_the_views_makes_them_and_computes_nothing() -> None:
    clients, tables, topics = fake_clients()
    run(OF_RUN, DELIVERY, clients)
    tables.executed.clear()
    tables.appended.clear()
    answer = run(ViewsRequest(), DELIVERY, clients)
    assert [sql for sql, _ in tables.executed] == VIEWS
    assert answer == {"status": "views made", "views": len(sql_files.views())}
    assert (tables.appended, topics.published) == ({}, [])


def test_views_are_looked_at_once_per_instance() -> None:
    clients, tables, _ = fake_clients()
    run(OF_RUN, DELIVERY, clients)
    tables.executed.clear()
    run(OF_RANGE, DELIVERY, clients)
    assert len(tables.executed) == len(tables.scripts()) == 1


def test_views_that_are_as_their_files_say_are_not_made_again() -> None:
    clients, tables, _ = fake_clients(labels=dict(HASHES))
    run(OF_RUN, DELIVERY, clients)
    assert len(tables.executed) == len(tables.scripts()) == 1


def test_only_the_views_that_are_missing_or_changed_are_made() -> None:
    stored = HASHES | {"v_breakouts": "of an older text"}
    del stored["v_run_status"]
    clients, tables, _ = fake_clients(labels=stored)
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
    clients, tables, _ = fake_clients(refuse=VIEWS[3][:80])
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
    # Views that do not read each other may be in any order.
    assert views.hashes([alone, first, second, third]) == before


def test_nothing_found_publishes_and_is_recorded() -> None:
    clients, tables, _ = fake_clients()
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
    clients, tables, _ = fake_clients(first=DAYS[0])
    run(MetricsRequest("history-2026-03-10", DAY, DAY), DELIVERY, clients)
    assert tables.scripts() == [(DAYS[0], DAY)]


def test_a_failed_check_withholds_the_day_and_is_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables, _ = fake_clients([found_by("orphan_rows", DAY)])
    answer = run(OF_RUN, DELIVERY, clients)
    assert not tables.events("METRICS_DONE")
    [failed] = tables.events("CHECK_FAILED")
    reason = "orphan_rows: 4 on 2026-03-10, movie 7: it is odd"
    assert failed["reason"] == reason
    assert (failed["run_id"], failed["message_id"]) == (RUN_ID, "17")
    assert failed["seconds"] > 0
    assert (answer["status"], answer["failed_checks"]) == ("withheld", [reason])
    [logged] = records_of(caplog, "check_failed")
    assert (logged.levelno, logged.__dict__["check"]) == (logging.ERROR, "orphan_rows")
    assert records_of(caplog, "metrics_withheld")


def test_a_published_day_that_would_fail_is_left_out_and_the_others_are_computed() -> (
    None
):
    found = [found_by("duplicate_keys", DAYS[1])]
    clients, tables, _ = fake_clients(found, published={*DAYS})
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
    clients, tables, _ = fake_clients([found_by("duplicate_keys", DAYS[1])])
    assert run(OF_RANGE, DELIVERY, clients)["status"] == "withheld"
    assert tables.scripts() == [(DAYS[0], DAYS[2])]


def test_bytes_are_counted_of_every_script_and_once() -> None:
    found = [found_by("duplicate_keys", DAYS[1]), found_by("orphan_rows", DAYS[1])]
    clients, tables, _ = fake_clients(found, published={*DAYS})
    run(OF_RANGE, DELIVERY, clients)
    billed = [row.get("bytes_billed") for row in tables.events("CHECK_FAILED")]
    assert billed == [3 * BILLED, None]


def test_a_computation_that_fails_says_what_it_billed_and_why() -> None:
    clients, tables, _ = fake_clients(
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
    clients, tables, _ = fake_clients([found_by("withheld_days", DAY, severity="hold")])
    answer = run(OF_RUN, DELIVERY, clients)
    assert (answer["status"], answer["withheld_by_operator"]) == (
        "withheld",
        ["2026-03-10"],
    )
    assert tables.events("METRICS_DONE")
    assert not tables.events("CHECK_FAILED")
    assert not records_of(caplog, "metrics_published")
    assert not records_of(caplog, "check_failed")
    assert records_of(caplog, "metrics_held")


def test_every_failed_check_is_recorded() -> None:
    found = [found_by("duplicate_keys", DAY), found_by("orphan_rows", DAY)]
    clients, tables, _ = fake_clients(found)
    run(OF_RUN, DELIVERY, clients)
    checks = [row["reason"].split(":")[0] for row in tables.events("CHECK_FAILED")]
    assert checks == ["duplicate_keys", "orphan_rows"]


def test_what_is_published_says_how_good_the_run_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = fake_clients(of_run={"coverage": 0.5, "is_covered": False})
    answer = run(OF_RUN, DELIVERY, clients)
    [logged] = records_of(caplog, "metrics_published")
    assert logged.levelno == logging.ERROR
    assert (answer["coverage"], answer["is_covered"]) == (0.5, False)
    assert answer["run_seconds"] > answer["seconds"]


def test_days_computed_by_hand_belong_to_no_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = fake_clients(broke_out=[breakout(1)])
    answer = run(OF_RANGE, DELIVERY, clients)
    assert "coverage" not in answer
    assert records_of(caplog, "metrics_published")
    assert not records_of(caplog, "breakouts_found")


def test_a_weekly_run_publishes_no_day() -> None:
    clients, tables, _ = fake_clients()
    request = MetricsRequest("weekly-2026-03-10", DAY, DAY)
    assert run(request, DELIVERY, clients)["status"] == "publishes no day"
    assert not tables.executed
    assert not tables.appended


def test_a_warning_publishes_and_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    found = [
        found_by(
            "coverage", DAY, movie_id=None, problem="coverage 0.5", severity="warn"
        )
    ]
    clients, tables, topics = fake_clients(found)
    answer = run(OF_RUN, DELIVERY, clients)
    [warned] = records_of(caplog, "check_warned")
    assert warned.levelno == logging.WARNING
    assert warned.__dict__["examples"] == ["coverage 0.5"]
    assert [row["event"] for row in tables.appended["ingestion_log"]] == [
        "METRICS_DONE"
    ]
    assert not topics.published
    assert answer["status"] == "published"
    assert records_of(caplog, "metrics_published")


@pytest.mark.parametrize(
    ("found", "event"),
    [
        ([], "METRICS_DONE"),
        ([found_by("freshness", DAY, movie_id=None)], "CHECK_FAILED"),
    ],
)
def test_a_range_of_days_belongs_to_no_run_and_is_recorded_for_itself(
    found: list[dict[str, Any]], event: str
) -> None:
    clients, tables, _ = fake_clients(found)
    run(OF_RANGE, DELIVERY, clients)
    [row] = tables.appended["ingestion_log"]
    assert (row["event"], row["mode"]) == (event, "metrics")
    assert row["run_id"] == "metrics-2026-03-08-2026-03-10"
    assert row["run_date"] == "2026-03-10"
    assert row["bytes_billed"] == BILLED


def test_every_statement_gets_what_is_left_of_the_deadline_of_all() -> None:
    clients, tables, _ = fake_clients()
    run(OF_RUN, DELIVERY, clients)
    assert len(tables.timeouts_s) == len(VIEWS) + 1
    assert tables.timeouts_s == sorted(tables.timeouts_s, reverse=True)
    assert tables.timeouts_s[0] < PUSHED_S
    with pytest.raises(DeadlineError, match="longer than 0 s"):
        compute.of_run(OF_RUN, DELIVERY, clients, Deadline.after(0))


def test_one_lock_is_for_every_computation_and_its_owner_is_the_message() -> None:
    clients, tables, _ = fake_clients()
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
    clients, tables, topics = fake_clients()
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
    assert int(found[1]) >= PUSHED_S + 30
    assert CALLED_S < 300


def test_a_second_delivery_of_a_published_run_does_nothing() -> None:
    clients, tables, _ = fake_clients(is_published=True)
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
    clients, tables, _ = fake_clients(refuse=refuse, error=error)
    with pytest.raises(type(error)):
        run(OF_RUN, DELIVERY, clients)
    assert not tables.scripts()
    assert not tables.events("METRICS_DONE")
