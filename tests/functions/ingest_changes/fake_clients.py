"""Fake clients of ingest_changes, whose tables track the landed movies."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from shared.batches import KnownBatches
from shared.clients import Clients
from shared.interfaces import ExportRow, ListedMovie, Parameter
from shared.ledger import Ledger
from tests.fakes import (
    FakeMovies,
    FakeTables,
    FakeTopics,
    fake_settings,
    statement_name,
)
from tests.push_requests import delivery_on

DAY = date(2026, 3, 1)
DELIVERY = delivery_on(DAY)
POPULAR = [ListedMovie(i, 100.0 - i) for i in range(1, 121)]
EXPORT = [ExportRow(i, 100.0 - i, is_feature=True) for i in range(1, 121)]


@dataclass(eq=False)
class TrackingTables(FakeTables):
    """Track landed movies in the way of sql/tracking, which has its own tests."""

    tracked: list[int] = field(default_factory=list)
    retired: list[int] = field(default_factory=list)
    queries: Counter[str] = field(default_factory=Counter)

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        name = statement_name(sql)
        self.queries[name] += 1
        if name not in {"active", "known", "retired", "selected_by"}:
            return super().select(sql, **parameters)
        landed = self.loaded.get("tracked_movies_raw", [])
        gone = {row["movie_id"] for row in landed if row["is_deleted"]}
        top = [row["movie_id"] for row in landed if row["rank"]]
        if name == "selected_by":
            found = [movie_id for movie_id in top if movie_id not in gone]
        elif name == "retired":
            found = self.retired
        elif name == "active":
            is_tracked = "track" in [name for name, _ in self.statements()]
            found = [*(top if is_tracked else ()), *self.tracked]
            found = [m for m in dict.fromkeys(found) if m not in gone]
        else:
            found = [*self.tracked, *self.retired]
        return [{"movie_id": movie_id} for movie_id in found]


def fake_clients(
    movies: FakeMovies,
    *,
    tracked: Sequence[int] = (),
    retired: Sequence[int] = (),
    plan: list[dict[str, Any]] | None = None,
    last_daily: date | None = None,
    exports: list[dict[str, Any]] | None = None,
    open_runs: Sequence[dict[str, Any]] = (),
) -> tuple[Clients, TrackingTables, FakeTopics]:
    """Return clients, with their tables and topics."""
    tables = TrackingTables(
        answers={
            "stored_plan": plan or [],
            "export_days": exports or [],
            "open_runs": [*open_runs],
            "last_complete_run": [{"run_date": last_daily}],
            "batches_done": [],
            "run_status": [],
        },
        tracked=[*tracked],
        retired=[*retired],
    )
    topics = FakeTopics()
    ledger = Ledger(tables, "test")
    settings = fake_settings(tracked_movies=100, tmdb_share=0.25)
    one_look = KnownBatches(looks_again_s=())
    clients = Clients(movies, tables, ledger, topics, settings, one_look)
    return clients, tables, topics
