"""Tracking by concurrent runs, on the BigQuery emulator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest

from functions.ingest_changes.main import run
from shared.bigquery import Warehouse
from shared.clients import Clients
from shared.interfaces import ExportRow, ListedMovie
from shared.ledger import Ledger
from shared.messages import MOVIE_BATCHES, IngestRequest
from shared.runs import Mode
from tests.fakes import FakeMovies, FakeTopics, fake_settings
from tests.push_requests import delivery_on

pytestmark = pytest.mark.emulator

DAY = date(2026, 3, 1)
DELIVERY = delivery_on(DAY)
POPULAR = [ListedMovie(i, 100.0 - i) for i in range(1, 51)]
EXPORT = [ExportRow(i, 100.0 - i, is_feature=True) for i in range(1, 51)]


@dataclass(eq=False)
class _Meanwhile(FakeMovies):
    """A fake TMDB that does something else before it answers the first export."""

    happens: Callable[[], object] | None = None

    def export(self, day: date, fold: Any) -> Any:
        if self.happens:
            happens, self.happens = self.happens, None
            happens()
        return super().export(day, fold)


def _clients(tables: Warehouse, movies: FakeMovies, tracked_movies: int) -> Clients:
    ledger = Ledger(tables, "test")
    settings = fake_settings(tracked_movies=tracked_movies, history_days=9)
    return Clients(movies, tables, ledger, FakeTopics(), settings)


def _tracked(tables: Warehouse) -> list[int]:
    rows = tables.select(
        "SELECT movie_id FROM tmdb_analytics.tracked_movies "
        "WHERE retired_on IS NULL ORDER BY movie_id"
    )
    return [row["movie_id"] for row in rows]


def test_a_load_that_ends_while_a_daily_run_reads_loses_no_movie(
    tables: Warehouse,
) -> None:
    """The deployment was raised to 50 movies; an instance still runs a day for 10."""
    load = _clients(tables, FakeMovies(popular=POPULAR), 50)
    movies = _Meanwhile(exports={DAY: EXPORT})
    movies.happens = lambda: run(IngestRequest(Mode.INITIAL), DELIVERY, load)
    daily = _clients(tables, movies, 10)
    run(IngestRequest(Mode.DAILY), DELIVERY, daily)
    assert _tracked(tables) == list(range(1, 51))
    # The daily run also fetches what the load has tracked meanwhile.
    assert isinstance(daily.topics, FakeTopics)
    fetched = [
        i for body in daily.topics.bodies(MOVIE_BATCHES) for i in body["movie_ids"]
    ]
    assert sorted(fetched) == list(range(1, 51))


def test_a_delivery_that_died_before_its_plan_changes_nothing_more(
    tables: Warehouse,
) -> None:
    clients = _clients(tables, FakeMovies(exports={DAY: EXPORT[:10]}), 10)
    topics = clients.topics
    assert isinstance(topics, FakeTopics)
    run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    before = _rows(tables)
    tables.execute("TRUNCATE TABLE tmdb_analytics.batch_plan")
    # TMDB's list has changed, but the run has already landed its selection.
    again = _clients(tables, FakeMovies(exports={DAY: EXPORT[5:15]}), 10)
    with pytest.raises(Exception, match="being planned"):
        run(IngestRequest(Mode.DAILY), DELIVERY, again)
    assert _rows(tables) == before


def test_a_weekly_run_retires_and_a_daily_run_brings_back(tables: Warehouse) -> None:
    clients = _clients(tables, FakeMovies(popular=POPULAR[:3]), 3)
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    later = DAY + timedelta(days=31)
    moment = DELIVERY.published_at + timedelta(days=31)
    daily = FakeMovies(exports={later: EXPORT[2:5]}, moment=moment)
    run(IngestRequest(Mode.DAILY, later), DELIVERY, _clients(tables, daily, 3))
    assert _tracked(tables) == [1, 2, 3, 4, 5]
    run(IngestRequest(Mode.WEEKLY, later), DELIVERY, _clients(tables, daily, 3))
    assert _tracked(tables) == [3, 4, 5]
    next_day = later + timedelta(days=1)
    daily = FakeMovies(
        exports={next_day: EXPORT[:3]}, moment=moment + timedelta(days=1)
    )
    run(IngestRequest(Mode.DAILY, next_day), DELIVERY, _clients(tables, daily, 3))
    assert _tracked(tables) == [1, 2, 3, 4, 5]


def _rows(tables: Warehouse) -> list[dict[str, Any]]:
    sql = "SELECT * FROM tmdb_analytics.tracked_movies ORDER BY movie_id"
    return tables.select(sql)
