"""smoke: on the local stack, through Google's client libraries, and on broken ones."""

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from local import queues, warehouse
from local.stack import TOKEN_SECRET, Options, Stack
from ops import report, smoke
from ops.__main__ import app
from tests.fakes import run_status
from tests.ops.machine import Machine

DAY = date(2026, 6, 1)
NAMES = {
    "project_id": warehouse.PROJECT,
    "dataset": warehouse.DATASET,
    "dataset_location": "US",
    "dead_letters": queues.subscription_path("dead-letters"),
    "prefix": "",
    "tmdb_token_secret": TOKEN_SECRET,
}


def _soon(_: float) -> None:
    time.sleep(0.3)


@pytest.mark.emulator
def test_a_deployment_that_works_passes(tmp_path: Path) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    options = Options(settings={"HISTORY_DAYS": "3"}, simulator=("--movies=120",))
    with Stack(tmp_path, options) as stack:
        os.environ["BIGQUERY_EMULATOR_HOST"] = str(
            stack.client._connection.API_BASE_URL
        )
        os.environ["PUBSUB_EMULATOR_HOST"] = stack.pubsub_address
        deployment = smoke.connect(NAMES)
        findings = smoke.prove(deployment, yesterday, timeout_s=120, sleep=_soon)
        assert report.all_well(findings), findings
        said = {finding.name: finding.said for finding in findings}
        assert said["snapshots"] == "20 movies"
        assert said["dead letters"] == "0 new"
        # And again, as after a repair: the run is there, the verdict is the same.
        again = smoke.prove(deployment, yesterday, timeout_s=120, sleep=_soon)
        assert report.all_well(again), again


@dataclass(slots=True)
class FakeDeployment:
    """Tables that answer as told, topics that keep what they get."""

    status: Mapping[str, Any] | None
    movies: int = 20
    parked: int = 0
    published: list[tuple[str, Any]] = field(default_factory=list)

    def select(self, sql: str, **_: object) -> list[dict[str, Any]]:
        if "batches_total" in sql:
            return [dict(self.status)] if self.status else []
        names = ("descriptions", "metrics", "snapshots")
        return [{"name": name, "movies": self.movies} for name in names]

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        self.published += [(topic, body) for body in bodies]
        return 1


PUBLISHED = run_status(
    expected=20, fetched=20, is_metrics_requested=True, is_published=True
)


def _prove(fake: FakeDeployment) -> dict[str, report.Finding]:
    deployment = smoke.Deployment(
        tables=fake,  # type: ignore[arg-type]  # select is all that is asked
        topics=fake,  # type: ignore[arg-type]  # publish is
        dead_letters_since=lambda _: fake.parked,
    )
    slept: list[float] = []
    findings = smoke.prove(deployment, DAY, timeout_s=0, sleep=slept.append)
    return {finding.name: finding for finding in findings}


def test_it_asks_for_twenty_movies_of_the_day() -> None:
    fake = FakeDeployment(PUBLISHED)
    assert report.all_well(list(_prove(fake).values()))
    assert fake.published == [
        (
            "ingest-requests",
            {"mode": "initial", "run_date": "2026-06-01", "limit": 20},
        )
    ]


@pytest.mark.parametrize(
    ("fake", "name", "words"),
    [
        (
            FakeDeployment(None),
            "initial run",
            "initial-2026-06-01: not published in time, 0 of 0 batches",
        ),
        (
            FakeDeployment({**PUBLISHED, "batches_done": 0, "is_published": False}),
            "history run",
            "history-2026-06-01: not published in time, 0 of 1 batches",
        ),
        (FakeDeployment(PUBLISHED, movies=19), "metrics", "19 movies"),
        (FakeDeployment(PUBLISHED, parked=2), "dead letters", "2 new"),
    ],
)
def test_what_is_amiss_is_said(fake: FakeDeployment, name: str, words: str) -> None:
    finding = _prove(fake)[name]
    assert (finding.ok, finding.said) == (False, words)
    assert finding.remedy


def test_another_projects_deployment_is_not_touched(
    machine: Machine, tmp_path: Path
) -> None:
    machine.install("terraform", {"output": (0, '{"project_id": "theirs"}')})
    said = CliRunner().invoke(
        app, ["smoke", "--project=mine", f"--terraform={tmp_path}"]
    )
    assert said.exit_code == 2
    # Typer draws a box around it, as wide as it likes.
    words = said.output.replace("│", " ").split()
    assert "is deployed to theirs" in " ".join(words)
