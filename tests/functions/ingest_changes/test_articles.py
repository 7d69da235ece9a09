"""Articles on fakes: who is asked about, what is kept, what a failure costs."""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from functions.ingest_changes.main import run
from shared.clients import Clients
from shared.errors import StatementError, WikidataUnavailableError
from shared.interfaces import Articles, Parameter
from shared.messages import MOVIE_BATCHES, IngestRequest
from shared.runs import Mode
from tests.fakes import FakeMovies, FakeTopics
from tests.functions.ingest_changes.fake_clients import (
    DAY,
    DELIVERY,
    EXPORT,
    POPULAR,
    TrackingTables,
    fake_clients,
)

DAILY = IngestRequest(Mode.DAILY, DAY)


@dataclass
class FakeArticles:
    """Wikidata in which an item of an even number has an article."""

    down_after: int = 1_000
    requests: list[int] = field(default_factory=list)

    def titles(self, wikidata_ids: Sequence[str]) -> dict[str, str | None]:
        if len(self.requests) >= self.down_after:
            raise WikidataUnavailableError("Wikidata is away")
        self.requests.append(len(wikidata_ids))
        return {
            one: f"Film_{one}" if int(one[1:]) % 2 == 0 else None
            for one in wikidata_ids
        }


def _clients(
    wikidata: Articles | None, due: int
) -> tuple[Clients, TrackingTables, FakeTopics]:
    movies = FakeMovies(popular=POPULAR, exports={DAY: EXPORT})
    clients, tables, topics = fake_clients(movies, last_daily=DAY)
    tables.answers["articles_due"] = [
        {"movie_id": n, "wikidata_id": f"Q{n}"} for n in range(1, due + 1)
    ]
    return replace(clients, wikidata=wikidata), tables, topics


def _kept(tables: TrackingTables) -> list[dict[str, Any]]:
    kept = dict(tables.statements()).get("keep_articles", {})
    answers: list[dict[str, Any]] = json.loads(str(kept.get("answers", "[]")))
    return answers


def test_a_daily_run_looks_up_what_is_due() -> None:
    wikidata = FakeArticles()
    clients, tables, _ = _clients(wikidata, due=120)

    run(DAILY, DELIVERY, clients)

    assert wikidata.requests == [50, 50, 20]
    kept = _kept(tables)
    assert kept[:2] == [
        {"movie_id": 1, "wikidata_id": "Q1", "title": None},
        {"movie_id": 2, "wikidata_id": "Q2", "title": "Film_Q2"},
    ]
    assert len(kept) == 120


def test_without_a_contact_nothing_is_asked() -> None:
    clients, tables, _ = _clients(None, due=120)

    run(DAILY, DELIVERY, clients)

    assert "articles_due" not in tables.queries
    assert _kept(tables) == []


@pytest.mark.parametrize("mode", [Mode.INITIAL, Mode.SWEEP])
def test_other_runs_look_nothing_up(mode: Mode) -> None:
    wikidata = FakeArticles()
    clients, _, _ = _clients(wikidata, due=120)

    run(IngestRequest(mode), DELIVERY, clients)

    assert wikidata.requests == []


def test_a_failure_keeps_what_was_answered_and_costs_no_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clients, tables, topics = _clients(FakeArticles(down_after=1), due=120)

    answer = run(DAILY, DELIVERY, clients)

    assert answer["status"] == "started"
    assert topics.bodies(MOVIE_BATCHES)
    assert len(_kept(tables)) == 50
    [line] = [
        record for record in caplog.records if record.msg == "articles_not_looked_up"
    ]
    assert line.levelno == logging.WARNING
    assert vars(line)["looked_up"] == 50


def test_a_run_is_the_same_with_wikidata_dead() -> None:
    runs = []
    for wikidata in (None, FakeArticles(down_after=0)):
        clients, tables, topics = _clients(wikidata, due=120)
        answer = run(DAILY, DELIVERY, clients)
        loaded = [
            (table, {name: row[name] for name in row if not name.endswith("_at")})
            for table, rows in tables.loaded.items()
            for row in rows
        ]
        runs.append((answer, tables.statements(), loaded, topics.published))

    assert runs[0] == runs[1]
    assert all(runs[0])


def test_a_refusing_bigquery_costs_no_run(caplog: pytest.LogCaptureFixture) -> None:
    class Refusing(TrackingTables):
        def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
            if "articles_due" in sql:
                raise StatementError("no such table")
            return super().select(sql, **parameters)

    clients, tables, topics = _clients(FakeArticles(), due=1)
    refusing = Refusing(tables.answers)
    run(DAILY, DELIVERY, replace(clients, tables=refusing))

    assert topics.bodies(MOVIE_BATCHES)
    assert "articles_not_looked_up" in [record.msg for record in caplog.records]
