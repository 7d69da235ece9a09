"""Breakouts are announced once, in one log line, before the run is recorded as done."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.compute_metrics import breakouts
from functions.compute_metrics.clients import Clients
from functions.compute_metrics.main import run
from shared import sql_files
from shared.errors import StatementError, WarehouseUnavailableError
from shared.interfaces import Parameter
from shared.ledger import Ledger
from shared.messages import MetricsRequest
from tests.functions.compute_metrics.fake_clients import (
    DAY,
    DELIVERY,
    OF_RUN,
    RUN_ID,
    RefusingTables,
    breakout,
    fake_clients,
    found_by,
    records_of,
)


def test_who_breaks_out_is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = fake_clients(broke_out=[breakout(1), breakout(2, None)])
    run(OF_RUN, DELIVERY, clients)
    [logged] = records_of(caplog, "breakouts_found")
    assert logged.__dict__["headline"] == (
        "Dune (87 of 100) https://www.themoviedb.org/movie/1; "
        "movie 2 (87 of 100) https://www.themoviedb.org/movie/2"
    )
    assert logged.__dict__["count"] == 2


def test_a_headline_stays_short() -> None:
    text = breakouts.headline([breakout(n, "x" * 200) for n in range(400)])
    assert text.endswith("; and 395 more in v_breakouts")
    assert len(text) < 1024  # the limit of an incident's label


@pytest.mark.parametrize("mode", ["initial", "history"])
def test_only_daily_runs_tell_who_breaks_out(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = fake_clients(broke_out=[breakout(1)])
    run(MetricsRequest(f"{mode}-2026-03-10", DAY, DAY), DELIVERY, clients)
    assert not records_of(caplog, "breakouts_found")


def test_a_run_that_is_published_again_announces_who_was_not_announced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    before = {"ended_at": datetime(2026, 3, 10, 9, 5, tzinfo=UTC)}
    # Which movies the query excludes is tested in tests/sql/new_breakouts/announced.
    clients, tables, _ = fake_clients(of_run=before, broke_out=[breakout(1)])
    assert run(OF_RUN, DELIVERY, clients)["status"] == "published"
    assert records_of(caplog, "breakouts_found")
    [announced] = tables.events("BREAKOUT_ANNOUNCED")
    assert (announced["run_id"], announced["movie_id"]) == (RUN_ID, 1)


def test_breakouts_are_announced_before_the_run_is_done() -> None:
    clients, tables, _ = fake_clients(broke_out=[breakout(1), breakout(2)])
    run(OF_RUN, DELIVERY, clients)
    events = [row["event"] for row in tables.appended["ingestion_log"]]
    assert events == ["BREAKOUT_ANNOUNCED", "BREAKOUT_ANNOUNCED", "METRICS_DONE"]


def test_a_withheld_day_announces_no_breakout(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clients, _, _ = fake_clients(
        [found_by("orphan_rows", DAY)], broke_out=[breakout(1)]
    )
    run(OF_RUN, DELIVERY, clients)
    assert not records_of(caplog, "breakouts_found")


@dataclass(eq=False)
class ForgetfulTables(RefusingTables):
    """A fake BigQuery whose query of breakouts fails."""

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        if sql == sql_files.new_breakouts().sql:
            raise self.error
        return super().select(sql, **parameters)


def _forgetful(error: Exception) -> tuple[Clients, ForgetfulTables]:
    _, known, topics = fake_clients()
    tables = ForgetfulTables(answers=known.answers, error=error)
    return Clients(tables, Ledger(tables, "test"), topics), tables


def test_a_day_stays_published_when_its_breakouts_cannot_be_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables = _forgetful(StatementError("no such column"))
    assert run(OF_RUN, DELIVERY, clients)["status"] == "published"
    assert tables.events("METRICS_DONE")
    assert records_of(caplog, "breakouts_unknown")


def test_breakouts_that_cannot_be_read_now_are_read_again_later() -> None:
    clients, tables = _forgetful(WarehouseUnavailableError("away"))
    with pytest.raises(WarehouseUnavailableError):
        run(OF_RUN, DELIVERY, clients)
    assert not tables.events("METRICS_DONE")
