"""smoke: on the local stack, through Google's client libraries, and on broken ones."""

import json
import os
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import output
from cli.__main__ import app
from cli.deployment import smoke_proofs, smoke_run
from cli.deployment.terraform_root import TerraformRoot
from local import tables, topics
from local.stack import Options, Stack
from shared.errors import StatementError
from tests.cli.answers import WELL, deployed
from tests.cli.fake_programs import Machine
from tests.conftest import ROOT
from tests.fakes import run_status

DAY = date(2026, 6, 1)
VERSION = json.dumps({"terraform_version": "1.15.0"})
NAMES = {
    "project_id": tables.PROJECT,
    "dataset": tables.DATASET,
    "dead_letters": topics.subscription_path("dead-letters"),
    "prefix": "",
}


def _soon(_: float) -> None:
    time.sleep(0.3)


@pytest.mark.emulator
def test_a_deployment_that_works_passes(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    options = Options(settings={"HISTORY_DAYS": "3"}, simulator=("--movies=120",))
    with Stack(tmp_path, options) as stack:
        os.environ["BIGQUERY_EMULATOR_HOST"] = str(
            stack.client._connection.API_BASE_URL
        )
        os.environ["PUBSUB_EMULATOR_HOST"] = stack.pubsub_address
        with smoke_run.opened(NAMES) as deployment:
            findings = smoke_run.prove(deployment, today, timeout_s=120, sleep=_soon)
            # Again, as after a repair: the run exists, and the result is the same.
            again = smoke_run.prove(deployment, today, timeout_s=120, sleep=_soon)
    assert output.all_well(findings), findings
    messages = {finding.name: finding.message for finding in findings}
    assert messages["snapshots"] == "20 movies"
    assert messages["dead letters"] == "0 new"
    assert output.all_well(again), again


@dataclass(slots=True)
class FakeDeployment:
    """Tables with prepared answers, and topics that record messages."""

    status: Mapping[str, Any] | None
    movies: int = 20
    parked: int = 0
    billed: int = 10 * 1024**2
    missing_view: str = ""
    tracked: int = 0
    published: list[tuple[str, Any]] = field(default_factory=list)

    def select(self, sql: str, **_: object) -> list[dict[str, Any]]:
        if "batches_total" in sql:
            return [dict(self.status)] if self.status else []
        if "AS tracked" in sql:
            return [{"tracked": self.tracked}]
        if "check_name" in sql:
            return []
        if "billed" in sql:
            return [{"billed": self.billed}]
        if " AS one " in sql:
            if self.missing_view and self.missing_view in sql:
                raise StatementError("query: no such view")
            return []
        names = ("descriptions", "metrics", "snapshots")
        return [{"name": name, "movies": self.movies} for name in names]

    def publish(self, topic: str, bodies: Iterable[Mapping[str, Any]]) -> int:
        self.published += [(topic, body) for body in bodies]
        return 1


PUBLISHED = run_status(
    expected=20, fetched=20, is_metrics_requested=True, is_published=True
)


def _prove(fake: FakeDeployment) -> dict[str, output.Finding]:
    deployment = smoke_run.Pipeline(
        tables=fake,  # type: ignore[arg-type]  # select is all that is asked
        topics=fake,  # type: ignore[arg-type]  # publish is
        dead_letters_since=lambda _: fake.parked,
        is_metered=True,
    )
    slept: list[float] = []
    findings = smoke_run.prove(deployment, DAY, timeout_s=0, sleep=slept.append)
    return {finding.name: finding for finding in findings}


@pytest.mark.parametrize(("tracked", "limit"), [(0, {"limit": 20}), (1_000, {})])
def test_it_asks_for_todays_run_and_yesterdays_popularity(
    tracked: int, limit: dict[str, int]
) -> None:
    """Twenty movies in a new deployment; a loaded one keeps its number."""
    fake = FakeDeployment(PUBLISHED, tracked=tracked)
    assert output.all_well(list(_prove(fake).values()))
    daily = {"mode": "daily", "run_date": "2026-06-01"} | limit
    history = {"mode": "history_day", "run_date": "2026-06-01", "date": "2026-05-31"}
    assert fake.published == [("ingest-requests", daily), ("ingest-requests", history)]


@pytest.mark.parametrize(
    ("fake", "name", "words"),
    [
        (
            FakeDeployment(None),
            "daily run",
            "daily-2026-06-01: not published in time, 0 of 0 batches",
        ),
        (
            FakeDeployment({**PUBLISHED, "batches_done": 0, "is_published": False}),
            "history run",
            "history-2026-06-01-2026-05-31: not published in time, 0 of 1 batches",
        ),
        (FakeDeployment(PUBLISHED, movies=19), "metrics", "19 movies"),
        (FakeDeployment(PUBLISHED, parked=2), "dead letters", "2 new"),
        (
            FakeDeployment(PUBLISHED, missing_view="v_breakouts"),
            "views",
            "v_breakouts: query: no such view",
        ),
        (
            FakeDeployment(PUBLISHED, billed=0),
            "bytes billed",
            "0 MiB for the run's metrics",
        ),
    ],
)
def test_what_has_failed_is_reported(
    fake: FakeDeployment, name: str, words: str
) -> None:
    finding = _prove(fake)[name]
    assert (finding.ok, finding.message) == (False, words)
    assert finding.hint


def test_another_projects_deployment_is_not_touched(
    machine: Machine, tmp_path: Path
) -> None:
    machine.install("terraform", {"output": (0, '{"project_id": "theirs"}')})
    result = CliRunner().invoke(
        app, ["smoke", "--project=mine", f"--terraform={tmp_path}"]
    )
    assert result.exit_code == 2
    # Typer draws a box of any width around it.
    words = result.output.replace("│", " ").split()
    assert "is deployed to theirs" in " ".join(words)


def _unproved() -> list[str]:
    """Return the claims of README's table whose last column is not empty."""
    table = (ROOT / "README.md").read_text().partition("| not tested |")[2]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$", table, re.MULTILINE)
    return [claim for claim, rest in rows if rest.strip("- ")]


def test_each_line_of_what_is_not_proved_has_a_check_in_smoke() -> None:
    assert list(smoke_proofs.CLAIMS) == _unproved()


def test_every_check_that_a_claim_needs_is_made(
    machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "terraform.tfvars").write_text('project_id = "my-project"\n')
    machine.install("gcloud", WELL | deployed("fetch-details"))
    answers = {"show -json": (0, "{}"), "plan": (0, ""), "version": (0, VERSION)}
    machine.install("terraform", answers)
    target = TerraformRoot.of("my-project", "us-central1", tmp_path)
    findings = [
        *smoke_proofs.of_google(target, ""),
        *_prove(FakeDeployment(PUBLISHED)).values(),
    ]
    made = {finding.name for finding in findings}
    assert {name for names in smoke_proofs.CLAIMS.values() for name in names} <= made
    lines = smoke_proofs.verdict(findings)
    # Only one of the functions exists.
    assert lines[0] == "not proved: the functions work as deployed (functions)"
    assert all(line.startswith("proved: ") for line in lines[1:])


@pytest.mark.parametrize(
    ("code", "ok", "words"),
    [(0, True, "a plan is empty"), (2, False, "not empty"), (1, False, "Error: 403")],
)
def test_a_second_plan_must_be_empty(
    machine: Machine, tmp_path: Path, code: int, words: str, *, ok: bool
) -> None:
    machine.install("terraform", {"plan": (code, "Error: 403")})
    finding = smoke_proofs.second_plan(
        TerraformRoot("my-project", "us-central1", tmp_path)
    )
    assert finding.ok is ok
    assert words in finding.message


@pytest.mark.parametrize(
    ("is_enabled", "words"), [(True, "1 of 1 are"), (False, "0 of 1 are")]
)
def test_alerts_must_be_there_and_enabled(
    machine: Machine, tmp_path: Path, words: str, *, is_enabled: bool
) -> None:
    policy = {"type": "google_monitoring_alert_policy", "values": {"name": "a/1"}}
    state = {"values": {"root_module": {"resources": [policy]}}}
    machine.install("terraform", {"show -json": (0, json.dumps(state))})
    listed = json.dumps([{"name": "a/1", "enabled": is_enabled}])
    machine.install("gcloud", {"monitoring policies list": (0, listed)})
    finding = smoke_proofs.alerts(TerraformRoot("my-project", "us-central1", tmp_path))
    assert finding.ok is is_enabled
    assert finding.message.startswith(words)
