"""compute_metrics: requests against fakes; what is published, withheld and recorded.

The last test goes through the real warehouse, on the embedded BigQuery.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.compute_metrics import breakouts, statements
from functions.compute_metrics.main import World, run
from local import warehouse
from local.bigquery_emulator import BigQueryEmulator
from shared.bigquery import Warehouse
from shared.delivery import Delivery
from shared.errors import StatementError, WarehouseUnavailableError
from shared.ledger import Ledger
from shared.messages import MetricsRequest, ViewsRequest
from shared.ports import Parameter
from tests.fakes import FakeTables, FakeTopics, run_status

DAY = date(2026, 3, 10)
DELIVERY = Delivery("17", datetime(2026, 3, 10, 9, tzinfo=UTC), 2, True, b"")  # noqa: FBT003
RUN_ID = "daily-2026-03-10"
OF_RUN = MetricsRequest(RUN_ID, DAY, DAY)
DAYS = [DAY + timedelta(n) for n in range(-2, 1)]
OF_RANGE = MetricsRequest(None, DAYS[0], DAYS[-1])
GATE = {file.sql: name for name, file in statements.gate().items()}
DAILY = [file.sql for file in statements.daily()]
ALL = [view.sql for view in statements.views()] + DAILY


@dataclass(eq=False)
class RefusingTables(FakeTables):
    """BigQuery that refuses the statement it is told to."""

    refuse: str = ""
    error: Exception = field(default_factory=lambda: StatementError("no"))

    def execute(self, sql: str, **parameters: Parameter) -> tuple[int, int]:
        if sql == self.refuse:
            raise self.error
        super().execute(sql, **parameters)
        return 10, 1000


def _found(check: str, day: date, **fields: Any) -> dict[str, Any]:
    return {
        "check_name": check,
        "day": day,
        "movie_id": 7,
        "problem": "it is odd",
        "offending": 4,
        **fields,
    }


def _world(
    found: list[dict[str, Any]] | None = None,
    *,
    is_published: bool = False,
    first: date | None = None,
    of_run: dict[str, Any] | None = None,
    broke_out: list[dict[str, Any]] | None = None,
    **refusal: Any,
) -> tuple[World, RefusingTables, FakeTopics]:
    status = run_status(
        is_metrics_requested=True, is_published=is_published, **of_run or {}
    )
    tables = RefusingTables(
        answers=[
            ("check_name", found or []),
            ("-- new_breakouts", broke_out or []),
            ("is_complete", [status]),
            ("MIN(export_date)", [{"first": first}]),
        ],
        **refusal,
    )
    topics = FakeTopics()
    return World(tables, Ledger(tables, "test"), topics), tables, topics


def _gate(tables: FakeTables) -> list[tuple[str, Parameter, Parameter]]:
    return [
        (GATE[sql], days["from_date"], days["to_date"])
        for sql, days in tables.executed
        if sql in GATE
    ]


def _logged(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.message == event]


def test_views_and_statements_run_in_order_and_then_the_gate() -> None:
    world, tables, _ = _world()
    run(OF_RUN, DELIVERY, world)
    assert [sql for sql, _ in tables.executed] == [
        *ALL,
        statements.gate()["publish"].sql,
    ]
    of_days: Mapping[str, Parameter] = {"from_date": DAY, "to_date": DAY}
    assert all(days == of_days for sql, days in tables.executed if sql in DAILY)


def test_a_request_for_the_views_makes_them_and_computes_nothing() -> None:
    world, tables, topics = _world()
    run(OF_RUN, DELIVERY, world)
    tables.executed.clear()
    tables.appended.clear()
    said = run(ViewsRequest(), DELIVERY, world)
    assert [sql for sql, _ in tables.executed] == [
        view.sql for view in statements.views()
    ]
    assert said == {"status": "views made", "views": len(statements.views())}
    assert (tables.appended, topics.published) == ({}, [])


def test_views_are_made_once_per_instance() -> None:
    world, tables, _ = _world()
    run(OF_RUN, DELIVERY, world)
    tables.executed.clear()
    run(OF_RANGE, DELIVERY, world)
    assert [sql for sql, _ in tables.executed][:-1] == DAILY


def test_nothing_found_publishes_and_is_recorded() -> None:
    world, tables, _ = _world()
    answer = run(OF_RUN, DELIVERY, world)
    assert _gate(tables) == [("publish", DAY, DAY)]
    assert not tables.events("CHECK_FAILED")
    [done] = tables.events("METRICS_DONE")
    assert done["run_id"] == RUN_ID
    assert (done["message_id"], done["delivery_attempt"]) == ("17", 2)
    # The views make no rows and are not counted.
    assert done["written"] == 10 * len(DAILY)
    assert done["bytes_billed"] == 1000 * len(DAILY)
    assert done["seconds"] >= 0
    assert answer["status"] == "published"
    assert (answer["from"], answer["to"]) == ("2026-03-10", "2026-03-10")


def test_a_run_of_history_is_published_from_its_first_day() -> None:
    world, tables, _ = _world(first=DAYS[0])
    run(OF_RUN, DELIVERY, world)
    assert _gate(tables) == [("publish", DAYS[0], DAY)]


def test_a_failed_check_withholds_the_day_and_is_recorded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world, tables, _ = _world([_found("orphan_rows", DAY)])
    answer = run(OF_RUN, DELIVERY, world)
    assert _gate(tables) == [("withhold", DAY, DAY)]
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


def test_a_failed_check_withholds_its_days_only() -> None:
    world, tables, _ = _world([_found("duplicate_keys", DAYS[1])])
    answer = run(OF_RANGE, DELIVERY, world)
    assert _gate(tables) == [
        ("publish", DAYS[0], DAYS[0]),
        ("withhold", DAYS[1], DAYS[1]),
        ("publish", DAYS[2], DAYS[2]),
    ]
    assert answer["status"] == "withheld"


def test_every_failed_check_is_recorded() -> None:
    found = [_found("duplicate_keys", DAY), _found("orphan_rows", DAY)]
    world, tables, _ = _world(found)
    run(OF_RUN, DELIVERY, world)
    checks = [row["reason"].split(":")[0] for row in tables.events("CHECK_FAILED")]
    assert checks == ["duplicate_keys", "orphan_rows"]


def test_what_is_published_says_how_good_the_run_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world, _, _ = _world(of_run={"coverage": 0.5, "is_covered": False})
    answer = run(OF_RUN, DELIVERY, world)
    [logged] = _logged(caplog, "metrics_published")
    assert logged.levelno == logging.ERROR
    assert (answer["coverage"], answer["is_covered"]) == (0.5, False)
    assert answer["run_seconds"] > answer["seconds"]


def test_days_asked_for_by_hand_say_nothing_of_a_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    world, _, _ = _world(broke_out=[_breakout(1)])
    answer = run(OF_RANGE, DELIVERY, world)
    assert "coverage" not in answer
    assert _logged(caplog, "metrics_published")
    assert not _logged(caplog, "breakouts_found")


def _breakout(movie_id: int, title: str | None = "Dune") -> dict[str, Any]:
    return {"movie_id": movie_id, "title": title, "viral_coefficient": 87.4}


def test_who_breaks_out_is_told_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world, _, _ = _world(broke_out=[_breakout(1), _breakout(2, None)])
    run(OF_RUN, DELIVERY, world)
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
    world, tables, _ = _world()
    request = MetricsRequest("weekly-2026-03-10", DAY, DAY)
    assert run(request, DELIVERY, world)["status"] == "publishes no day"
    assert not tables.executed
    assert not tables.appended


@pytest.mark.parametrize("mode", ["initial", "history"])
def test_only_daily_runs_tell_who_breaks_out(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world, _, _ = _world(broke_out=[_breakout(1)])
    run(MetricsRequest(f"{mode}-2026-03-10", DAY, DAY), DELIVERY, world)
    assert not _logged(caplog, "breakouts_found")


def test_a_run_that_is_published_again_tells_its_breakouts_no_second_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    before = {"ended_at": datetime(2026, 3, 10, 9, 5, tzinfo=UTC)}
    world, _, _ = _world(of_run=before, broke_out=[_breakout(1)])
    assert run(OF_RUN, DELIVERY, world)["status"] == "published"
    assert _logged(caplog, "metrics_published")
    assert not _logged(caplog, "breakouts_found")


def test_a_withheld_day_tells_no_breakout(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world, _, _ = _world([_found("orphan_rows", DAY)], broke_out=[_breakout(1)])
    run(OF_RUN, DELIVERY, world)
    assert not _logged(caplog, "breakouts_found")


def test_a_day_stays_published_when_its_breakouts_cannot_be_asked_for(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, tables, _ = _world()
    select = tables.select

    def refuse(sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        if sql == statements.new_breakouts().sql:
            raise WarehouseUnavailableError("away")
        return select(sql, **parameters)

    monkeypatch.setattr(tables, "select", refuse)
    assert run(OF_RUN, DELIVERY, world)["status"] == "published"
    assert _logged(caplog, "breakouts_unknown")


def test_a_warning_publishes_and_is_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    found = [_found("coverage", DAY, movie_id=None, problem="coverage 0.5")]
    world, tables, topics = _world(found)
    answer = run(OF_RUN, DELIVERY, world)
    assert _gate(tables) == [("publish", DAY, DAY)]
    [warned] = _logged(caplog, "check_warned")
    assert warned.levelno == logging.WARNING
    assert warned.__dict__["examples"] == ["coverage 0.5"]
    assert [row["event"] for row in tables.appended["ingestion_log"]] == [
        "METRICS_DONE"
    ]
    assert not topics.published
    assert answer["status"] == "published"
    assert _logged(caplog, "metrics_published")


def test_a_range_of_days_belongs_to_no_run_and_is_not_recorded() -> None:
    for found in ([], [_found("freshness", DAY, movie_id=None)]):
        world, tables, _ = _world(found)
        run(OF_RANGE, DELIVERY, world)
        assert not tables.appended


def test_a_second_delivery_of_a_published_run_does_nothing() -> None:
    world, tables, _ = _world(is_published=True)
    answer = run(OF_RUN, DELIVERY, world)
    assert answer == {"run_id": RUN_ID, "status": "already published"}
    assert not tables.executed
    assert not tables.appended


@pytest.mark.parametrize("refuse", [ALL[0], DAILY[0], DAILY[-1]])
@pytest.mark.parametrize(
    "error", [StatementError("no"), WarehouseUnavailableError("away")]
)
def test_an_error_in_a_statement_propagates_and_nothing_is_published(
    refuse: str, error: Exception
) -> None:
    world, tables, _ = _world(refuse=refuse, error=error)
    with pytest.raises(type(error)):
        run(OF_RUN, DELIVERY, world)
    assert not _gate(tables)
    assert not tables.appended


def test_a_gate_that_does_not_move_leaves_the_run_to_be_tried_again() -> None:
    publish = statements.gate()["publish"].sql
    world, tables, _ = _world(refuse=publish)
    with pytest.raises(StatementError):
        run(OF_RUN, DELIVERY, world)
    assert not tables.appended


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQueryEmulator]:
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as running:
        yield running


class TwiceComputed(Warehouse):
    """A warehouse that another computation writes movie 1 into, before the checks."""

    def execute(self, sql: str, **parameters: Parameter) -> tuple[int, int]:
        made = super().execute(sql, **parameters)
        if sql == DAILY[-1]:
            super().execute(_ANOTHER_ROW_OF_MOVIE_1, **parameters)
        return made


_ANOTHER_ROW_OF_MOVIE_1 = """
INSERT INTO tmdb_analytics.movie_metrics_aggregated
SELECT * FROM tmdb_analytics.movie_metrics_aggregated
WHERE movie_id = 1 AND calculation_date BETWEEN @from_date AND @to_date
"""


def _store_two_movies(tables: Warehouse) -> None:
    rows = [
        {
            "run_id": f"daily-{day}",
            "run_date": day.isoformat(),
            "batch_no": 1,
            "movie_id": movie_id,
            "title": f"Movie {movie_id}",
            "popularity": 10.0 * movie_id,
            "vote_count": 100,
            "vote_average": 7.5,
            "fetched_at": f"{day}T09:00:00Z",
        }
        for day in DAYS
        for movie_id in (1, 2)
    ]
    assert not tables.append("movie_details_raw", rows, [str(n) for n in range(6)])


def _compute(request: MetricsRequest, tables: Warehouse) -> dict[str, Any]:
    return run(request, DELIVERY, World(tables, Ledger(tables, "test"), FakeTopics()))


def _newest(tables: Warehouse) -> set[tuple[date, int]]:
    view = "tmdb_analytics.v_latest_popularity_metrics"
    rows = tables.select(f"SELECT last_updated, movie_id FROM {view}")
    return {(row["last_updated"], row["movie_id"]) for row in rows}


@pytest.mark.emulator
def test_a_day_with_two_rows_of_a_movie_stays_out_of_the_views(
    emulator: BigQueryEmulator,
) -> None:
    with warehouse.connect(emulator.url) as client:
        warehouse.create_tables(client, "twice")
        tables = Warehouse(client, "twice", max_bytes_billed=10**9)
        _store_two_movies(tables)
        assert _compute(OF_RANGE, tables)["status"] == "published"
        assert _newest(tables) == {(DAY, 1), (DAY, 2)}

        twice = TwiceComputed(client, "twice", max_bytes_billed=10**9)
        answer = _compute(OF_RUN, twice)

        reason = (
            "duplicate_keys: 1 on 2026-03-10, "
            "movie 1: 2 rows in movie_metrics_aggregated"
        )
        assert (answer["status"], answer["failed_checks"]) == ("withheld", [reason])
        assert _newest(tables) == {(DAYS[1], 1), (DAYS[1], 2)}
        [event] = tables.select("SELECT * FROM tmdb_analytics.ingestion_log")
        assert (event["event"], event["reason"]) == ("CHECK_FAILED", reason)

        # Computed again, alone: the day is replaced whole and published.
        assert _compute(OF_RUN, tables)["status"] == "published"
        assert _newest(tables) == {(DAY, 1), (DAY, 2)}
