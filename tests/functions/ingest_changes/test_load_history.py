"""Loading the popularity of past days from exports, with fakes."""

from dataclasses import replace
from datetime import date

import pytest

from functions.ingest_changes.main import run
from shared.messages import INGEST_REQUESTS, IngestRequest
from shared.runs import Batch, Mode
from shared.tmdb import ExportNotYetError
from tests.fakes import FakeMovies
from tests.functions.ingest_changes.fake_clients import (
    DAY,
    DELIVERY,
    EXPORT,
    fake_clients,
)


def test_history_fans_itself_out_over_its_days() -> None:
    clients, tables, topics = fake_clients(FakeMovies(), tracked=[5])
    answer = run(IngestRequest(Mode.HISTORY), DELIVERY, clients)
    assert (answer["batches"], answer["movies"]) == (90, 90)
    bodies = topics.bodies(INGEST_REQUESTS)
    assert bodies[0] == {
        "mode": "history_day",
        "run_date": "2026-03-01",
        "date": "2025-12-02",
        "batch_no": 1,
        "batch_count": 90,
    }
    assert bodies[-1]["date"] == "2026-03-01"
    assert len(tables.loaded["batch_plan"]) == 90


def test_a_day_of_history_is_loaded_and_marked() -> None:
    day = date(2026, 1, 2)
    clients, tables, _ = fake_clients(
        FakeMovies(exports={day: EXPORT}), tracked=[5, 999]
    )
    run(IngestRequest(Mode.HISTORY_DAY, DAY, export_date=day), DELIVERY, clients)
    rows = tables.loaded["movie_popularity_raw"]
    assert {row["export_date"] for row in rows} == {"2026-01-02"}
    # The most popular movies are those of the day; tracked movies are counted.
    assert len(rows) == 120
    assert [row["movie_id"] for row in rows if row["is_tracked"]] == [5]
    [marker] = tables.events("BATCH_DONE")
    assert marker["run_id"] == "history-2026-03-01-2026-01-02"
    counts = [marker[name] for name in ("expected", "fetched", "not_found", "failed")]
    assert counts == [2, 1, 1, 0]


def test_the_days_of_one_history_share_what_they_query() -> None:
    days = [date(2026, 1, n) for n in range(1, 5)]
    clients, tables, _ = fake_clients(FakeMovies(exports={}), tracked=[5])
    for number, day in enumerate(days, start=1):
        batch = Batch(number, 90, export_date=day)
        request = IngestRequest(Mode.HISTORY_DAY, DAY, export_date=day, batch=batch)
        run(request, DELIVERY, clients)
    assert len(tables.events("BATCH_DONE")) == len(days)
    assert tables.queries["active"] == 1


def _history_day(day: date, *, alone: bool) -> IngestRequest:
    batch = None if alone else Batch(1, 90, export_date=day)
    return IngestRequest(Mode.HISTORY_DAY, DAY, export_date=day, batch=batch)


LAST_DELIVERY = replace(DELIVERY, attempt=20)


@pytest.mark.parametrize("alone", [True, False])
def test_while_the_file_server_serves_nothing_no_day_of_history_is_marked(
    alone: bool,  # noqa: FBT001
) -> None:
    day = date(2026, 1, 2)
    clients, tables, _ = fake_clients(
        FakeMovies(unpublished={day: True}), tracked=[5, 6]
    )
    with pytest.raises(ExportNotYetError):
        run(_history_day(day, alone=alone), DELIVERY, clients)
    assert not tables.events("BATCH_DONE")
    [deferred] = tables.events("BATCH_DEFERRED")
    assert "no export" in deferred["reason"]
    run(_history_day(day, alone=alone), LAST_DELIVERY, clients)
    [marker] = tables.events("BATCH_DONE")
    assert (marker["written"], marker["not_found"], marker["failed"]) == (0, 0, 2)


def test_a_day_whose_export_is_not_due_waits_alone_and_holds_no_other_day_up() -> None:
    clients, tables, _ = fake_clients(FakeMovies(unpublished={DAY: False}), tracked=[5])
    with pytest.raises(ExportNotYetError):
        run(_history_day(DAY, alone=True), DELIVERY, clients)
    run(_history_day(DAY, alone=False), DELIVERY, clients)
    [marker] = tables.events("BATCH_DONE")
    assert (marker["not_found"], marker["failed"]) == (1, 0)


def test_a_day_without_an_export_is_recorded_as_such() -> None:
    day = date(2026, 1, 2)
    clients, tables, _ = fake_clients(FakeMovies(), tracked=[5])
    run(IngestRequest(Mode.HISTORY_DAY, DAY, export_date=day), DELIVERY, clients)
    [marker] = tables.events("BATCH_DONE")
    assert "no export" in marker["reason"]
    assert (marker["written"], marker["not_found"]) == (0, 1)
