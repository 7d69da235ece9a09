"""Fakes of shared/interfaces.py: they record calls and return prepared answers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from shared import clock
from shared.config import Settings
from shared.errors import QueueUnavailableError, TmdbUnavailableError
from shared.interfaces import (
    Bill,
    ChangedMovie,
    ExportRow,
    ListedMovie,
    Lock,
    Movies,
    Outcome,
    Parameter,
    Refusal,
    Reply,
    Row,
    Rows,
    Tables,
    Topics,
)
from shared.tmdb import ExportMissingError, ExportNotYetError


def fake_settings(**changes: Any) -> Settings:
    """Return default settings with some changed."""
    required = {
        "GOOGLE_CLOUD_PROJECT": "p",
        "TMDB_TOKEN_SECRET": "projects/p/secrets/t",
    }
    return replace(Settings.from_env(required), **changes)


@dataclass(eq=False)
class FakeMovies:
    """A fake TMDB with given movies, lists and exports."""

    details: dict[int, Any] = field(default_factory=dict)
    popular: list[ListedMovie] = field(default_factory=list)
    edits: dict[date, list[ChangedMovie]] = field(default_factory=dict)
    exports: dict[date, list[ExportRow]] = field(default_factory=dict)
    failing: dict[int, Reply] = field(default_factory=dict)
    unpublished: dict[date, bool] = field(default_factory=dict)
    """Exports without a verdict: day -> whether the file server has none at all."""
    is_away: bool = False
    requested: list[int] = field(default_factory=list)
    share: float = 0.0
    """The share of the rate that was set last."""
    listed_at: list[float] = field(default_factory=list)
    """The share of the rate at each request of the most popular movies."""
    moment: datetime = datetime(2026, 3, 1, 9, tzinfo=UTC)

    def now(self) -> datetime:
        self._raise_if_away()
        return self.moment

    def pace(self, share: float) -> None:
        self.share = share

    def movies(self, movie_ids: Sequence[int]) -> list[Reply]:
        self._raise_if_away()
        self.requested += movie_ids
        return [self._reply(movie_id) for movie_id in movie_ids]

    def most_popular(self, limit: int) -> list[ListedMovie]:
        self.listed_at.append(self.share)
        self._raise_if_away()
        return self.popular[:limit]

    def changes(self, day: date) -> list[ChangedMovie]:
        self._raise_if_away()
        return self.edits.get(day, [])

    def has_export(self, day: date) -> bool:
        self._raise_if_away()
        return day in self.exports

    def export[T](self, day: date, fold: Callable[[Iterator[ExportRow]], T]) -> T:
        self._raise_if_away()
        if day in self.unpublished:
            is_outage = self.unpublished[day]
            raise ExportNotYetError(f"no export of {day}", day, is_outage=is_outage)
        if day not in self.exports:
            raise ExportMissingError(f"TMDB has no export of {day}", day)
        return fold(iter(self.exports[day]))

    def _reply(self, movie_id: int) -> Reply:
        if movie_id in self.failing:
            reply = self.failing[movie_id]
            return replace(reply, answered_at=reply.answered_at or self.moment)
        movie = self.details.get(movie_id)
        is_found = movie is not None
        return Reply(movie_id, movie=movie, is_found=is_found, answered_at=self.moment)

    def _raise_if_away(self) -> None:
        if self.is_away:
            raise TmdbUnavailableError("TMDB is away")


def statement_name(sql: str) -> str:
    """Return the name that a file of sql/ begins with."""
    return sql.removeprefix("-- ").partition(":")[0]


@dataclass(eq=False)
class FakeTables:
    """A fake BigQuery: it stores rows and answers each statement of sql/ by name."""

    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    appended: dict[str, list[Row]] = field(default_factory=dict)
    loaded: dict[str, list[Row]] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    executed: list[tuple[str, Mapping[str, Parameter]]] = field(default_factory=list)
    timeouts_s: list[float] = field(default_factory=list)
    locks: list[Lock] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    """Labels of views, for every key."""

    def append(self, table: str, rows: Rows, row_ids: Sequence[str]) -> list[Refusal]:
        assert len(rows) == len(set(row_ids)), "BigQuery drops the second of an id"
        refusals = [
            Refusal(index, self.refused[row["movie_id"]])
            for index, row in enumerate(rows)
            if row.get("movie_id") in self.refused and table != "ingestion_log"
        ]
        bad = {refusal.index for refusal in refusals}
        kept = [row for index, row in enumerate(rows) if index not in bad]
        self.appended.setdefault(table, []).extend(kept)
        return refusals

    def load_once(self, table: str, rows: Iterable[Row], job_id: str) -> bool:
        if job_id in self.jobs:
            return False
        self.jobs.add(job_id)
        self.loaded[table] = [*self.loaded.get(table, []), *rows]
        return True

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        name = statement_name(sql)
        assert name in self.answers, f"no answer prepared for {name}: {parameters}"
        return self.answers[name]

    def execute(
        self, sql: str, *, timeout_s: float = 480.0, **parameters: Parameter
    ) -> tuple[int, int]:
        self.timeouts_s.append(timeout_s)
        self.executed.append((sql, parameters))
        return 0, 0

    def view_labels(self, key: str) -> dict[str, str]:
        assert key
        return self.labels

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        bill.add(0)
        self.locks.append(lock)
        self.timeouts_s.append(timeout_s)
        self.executed.append((sql, parameters))
        return Outcome([{"written": 0, "check_name": None}], clock.now())

    def statements(self) -> list[tuple[str, Mapping[str, Parameter]]]:
        """Return the names of the statements that were executed, with their days."""
        return [(statement_name(sql), days) for sql, days in self.executed]

    def events(self, kind: str) -> list[Row]:
        log = self.appended.get("ingestion_log", [])
        return [row for row in log if row["event"] == kind]


@dataclass(eq=False)
class FakeTopics:
    """A fake Pub/Sub that records what was published."""

    published: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    dead: list[tuple[bytes, Mapping[str, str]]] = field(default_factory=list)
    is_away: bool = False

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        self._raise_if_away()
        messages = [(topic, body) for body in bodies]
        self.published += messages
        return len(messages)

    def dead_letter(self, data: bytes, attributes: Mapping[str, str]) -> None:
        self._raise_if_away()
        self.dead.append((data, attributes))

    def _raise_if_away(self) -> None:
        if self.is_away:
            raise QueueUnavailableError("Pub/Sub is away")

    def bodies(self, topic: str) -> list[Mapping[str, Any]]:
        return [body for name, body in self.published if name == topic]


_: tuple[Movies, Tables, Topics] = (FakeMovies(), FakeTables(), FakeTopics())
"""mypy checks that the fakes implement the interfaces."""


def run_status(**changes: Any) -> dict[str, Any]:
    """Return a row of v_run_status: a run whose one batch of 3 movies is done."""
    return {
        "batches_total": 1,
        "batches_done": 1,
        "expected": 3,
        "fetched": 3,
        "not_found": 0,
        "failed": 0,
        "is_complete": True,
        "coverage": 1.0,
        "is_covered": True,
        "is_metrics_requested": False,
        "is_published": False,
        "started_at": datetime(2026, 3, 1, 9, tzinfo=UTC),
        "ended_at": None,
    } | changes
