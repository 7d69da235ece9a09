"""Runs that track every movie, on the BigQuery emulator and a fake TMDB."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from functions.ingest_changes.main import run
from shared.bigquery import Warehouse
from shared.clients import Clients
from shared.errors import BadMessageError
from shared.interfaces import ChangedMovie, ExportRow, ListedMovie
from shared.ledger import Ledger
from shared.messages import INGEST_REQUESTS, MOVIE_BATCHES, IngestRequest
from shared.runs import Mode
from shared.tmdb import ExportMissingError
from tests.fakes import FakeMovies, FakeTopics, fake_settings
from tests.push_requests import delivery_on

pytestmark = pytest.mark.emulator

DAY = date(2026, 3, 1)
DELIVERY = delivery_on(DAY)
MOVIES = 40
BUDGET = 8
"""6 of the most popular, 1 that moves, and the rest in turn."""
EXPORT = [ExportRow(i, 100.0 - i, is_feature=True) for i in range(1, MOVIES + 1)]
CLIP = ExportRow(99, 500.0, is_feature=False)


def _clients(tables: Warehouse, movies: FakeMovies) -> Clients:
    settings = fake_settings(
        tracked_movies=None, details_per_day=BUDGET, history_days=3
    )
    return Clients(movies, tables, Ledger(tables, "test"), FakeTopics(), settings)


def _fetched(clients: Clients) -> list[int]:
    assert isinstance(clients.topics, FakeTopics)
    bodies = clients.topics.bodies(MOVIE_BATCHES)
    return [movie_id for body in bodies for movie_id in body["movie_ids"]]


def _count(tables: Warehouse, what: str) -> Any:
    [row] = tables.select(f"SELECT COUNT(*) AS rows_found FROM tmdb_analytics.{what}")
    return row["rows_found"]


def test_an_initial_run_tracks_the_export_and_fetches_the_most_popular(
    tables: Warehouse,
) -> None:
    clients = _clients(tables, FakeMovies(exports={DAY: [*EXPORT, CLIP]}))
    for _ in range(2):  # a redelivery
        answer = run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
        assert answer["movies"] == BUDGET
    assert _fetched(clients) == [*range(1, BUDGET + 1)]
    assert _count(tables, "tracked_movies WHERE retired_on IS NULL") == MOVIES
    assert _count(tables, "movie_popularity_raw WHERE is_tracked") == MOVIES
    # A clip is no feature film, even if it is popular.
    assert _count(tables, "tracked_movies WHERE movie_id = 99") == 0
    assert not clients.ledger.missed_day(DAY, BUDGET + 1).is_planned
    assert clients.ledger.missed_day(DAY, BUDGET).is_planned
    planned = "ingestion_log WHERE event = 'RUN_PLANNED' AND mode = 'initial'"
    assert _count(tables, f"{planned} AND expected = {BUDGET}") == 1
    assert _count(tables, f"{planned} AND tracked = {MOVIES}") == 1


def test_before_an_export_is_published_an_initial_run_takes_yesterdays(
    tables: Warehouse,
) -> None:
    yesterday = DAY - timedelta(days=1)
    clients = _clients(tables, FakeMovies(exports={yesterday: EXPORT}))
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    assert _count(tables, "tracked_movies WHERE rank <= 3") == 3
    nothing = _clients(tables, FakeMovies(popular=[ListedMovie(1, 9.0)]))
    with pytest.raises(ExportMissingError):
        run(IngestRequest(Mode.INITIAL, date(2026, 2, 28)), DELIVERY, nothing)


def test_a_daily_run_fetches_what_moves_and_takes_edits_of_any_movie(
    tables: Warehouse,
) -> None:
    movies = FakeMovies(
        exports={
            DAY - timedelta(days=2): EXPORT,
            DAY - timedelta(days=1): EXPORT,
            # The 30th rose from 70 to 75; the 40th was deleted.
            DAY: [
                replace(row, popularity=75.0) if row.movie_id == 30 else row
                for row in EXPORT[:-1]
            ],
        },
        edits={
            DAY - timedelta(days=1): [
                ChangedMovie(35, is_deleted=False),
                ChangedMovie(36, is_deleted=True),
                ChangedMovie(7_777, is_deleted=False),
            ]
        },
    )
    clients = _clients(tables, movies)
    eve = replace(delivery_on(date(2026, 2, 28)), id="16")
    movies.moment = eve.published_at
    run(IngestRequest(Mode.INITIAL), eve, clients)
    movies.moment = DELIVERY.published_at
    clients = replace(clients, topics=FakeTopics())
    for _ in range(2):
        run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    # 6 most popular, the mover, and the most popular of those without a description.
    assert sorted(_fetched(clients)) == [1, 2, 3, 4, 5, 6, 7, 30]
    assert _count(tables, "tracked_movies WHERE retired_on IS NULL") == MOVIES - 1
    assert _count(tables, "tracked_movies WHERE changed_on IS NOT NULL") == 2
    assert _count(tables, "tracked_movies WHERE rank IS NULL") == 1


def test_a_day_without_an_export_keeps_what_is_tracked(tables: Warehouse) -> None:
    yesterday = DAY - timedelta(days=1)
    movies = FakeMovies(
        exports={yesterday: EXPORT}, popular=[ListedMovie(20, 9.0), ListedMovie(5, 8.0)]
    )
    clients = _clients(tables, movies)
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    clients = replace(clients, topics=FakeTopics())
    run(IngestRequest(Mode.DAILY), DELIVERY, clients)
    # Ordered by discover, then by the last known popularity.
    assert _fetched(clients) == [20, 5, 1, 2, 3, 4, 6, 7]
    assert _count(tables, "tracked_movies WHERE retired_on IS NULL") == MOVIES


def test_history_days_load_every_feature_film(tables: Warehouse) -> None:
    days = [DAY - timedelta(days=ago) for ago in (2, 1, 0)]
    movies = FakeMovies(exports={day: [*EXPORT, CLIP] for day in days})
    clients = _clients(tables, movies)
    run(IngestRequest(Mode.INITIAL), DELIVERY, clients)
    run(IngestRequest(Mode.HISTORY), DELIVERY, clients)
    assert isinstance(clients.topics, FakeTopics)
    requested = [
        IngestRequest.from_json(body, DAY)
        for body in clients.topics.bodies(INGEST_REQUESTS)
        if body["mode"] == "history_day"
    ]
    assert [request.export_date for request in requested] == days
    for request in requested:
        assert run(request, DELIVERY, clients)["movies"] == MOVIES
    # The run's own day too, because of the initial run.
    landed = "movie_popularity_raw WHERE is_tracked"
    assert _count(tables, landed) == MOVIES * (len(days) + 1)


def test_a_daily_run_of_all_movies_takes_no_limit(tables: Warehouse) -> None:
    clients = _clients(tables, FakeMovies(exports={DAY: EXPORT}))
    with pytest.raises(BadMessageError, match="tracks all movies"):
        run(IngestRequest(Mode.DAILY, limit=5), DELIVERY, clients)
    assert _count(tables, "tracked_movies") == 0
