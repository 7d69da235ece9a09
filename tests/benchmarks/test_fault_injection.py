"""Fault injection: each fault once on one stack; every run ends in a true state.

`make soak` runs many more seeds. A failure names its seed and the command to repeat it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fault_injection import FAULTS, Runner, fault_of, invariants
from benchmarks.fault_injection.invariants import MIN_COVERAGE
from emulators.pubsub import find_google_emulator
from emulators.tmdb import SIMULATED_TOKEN
from tests.exhaustive import cases_but

pytestmark = pytest.mark.emulator

# Other tests have days without a fault; a sweep repairs a lost batch at once.
SEEDS = [
    seed for seed in range(len(FAULTS)) if fault_of(seed) not in ("none", "lost batch")
]
FIRST = (
    "killed between rows and marker",
    "killed during metrics",
    "poison messages",
    "TMDB outage",
    "BigQuery 503",
    "rows visible late",
)
"""Those of `make test`: of us, of Pub/Sub, of TMDB and of BigQuery."""
ON_GOOGLES = ("killed between rows and marker", "poison messages")
"""Faults that do not depend on the Pub/Sub back end."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    with Runner(tmp_path_factory.mktemp("chaos"), SEEDS[0]) as runner:
        yield runner


@pytest.mark.parametrize("fault", cases_but(FIRST, map(fault_of, SEEDS)))
def test_nothing_is_lost_or_doubled(runner: Runner, fault: str) -> None:
    [seed] = [seed for seed in SEEDS if fault_of(seed) == fault]
    outcome = runner.play(seed)
    if outcome.fault.startswith(("killed", "midnight")):
        assert outcome.crashes == 1


def test_no_process_logged_the_credential_while_it_was_killed(runner: Runner) -> None:
    logs = list(runner.stack.logs.glob("*.log"))
    assert len(logs) >= 4  # and one of each restarted instance
    for log in logs:
        assert SIMULATED_TOKEN not in log.read_text(errors="replace"), log.name
    rows = runner.stack.client.list_rows("tmdb_analytics.ingestion_log")
    assert SIMULATED_TOKEN not in json.dumps([dict(row) for row in rows], default=str)


@pytest.mark.exhaustive
def test_a_run_that_was_closed_is_logged_as_the_alert_needs(runner: Runner) -> None:
    """The line that run_incomplete of terraform/alerts.yaml waits for."""
    lines = [
        json.loads(line)
        for log in runner.stack.logs.glob("ingest_changes*.log")
        for line in log.read_text().splitlines()
        if '"message": "run_closed"' in line
    ]
    assert lines
    for line in lines:
        assert line["severity"] == "ERROR"
        assert line["run_id"].startswith("daily-")
        # On a very busy machine it may be "metrics were requested 3 times".
        assert "batches are missing" in line["reason"] or (
            "metrics were requested" in line["reason"]
        )


def test_the_judge_knows_the_threshold() -> None:
    sql = Path(__file__).parents[2] / "sql/10_metric_thresholds.sql"
    assert f"{MIN_COVERAGE} AS published_min_coverage" in sql.read_text()


@pytest.mark.exhaustive
def test_the_same_holds_on_googles_own_pubsub(tmp_path: Path) -> None:
    if not shutil.which("java") or not find_google_emulator():
        pytest.skip("needs Google's Pub/Sub emulator and Java")
    seeds = [seed for seed in SEEDS if fault_of(seed) in ON_GOOGLES]
    with Runner(tmp_path, seeds[0], google_pubsub=True) as runner:
        for seed in seeds:
            runner.play(seed)


@pytest.mark.parametrize(
    ("movies", "missing", "believed"), [(50, 2, True), (50, 3, False), (3, 1, True)]
)
def test_tmdb_is_believed_about_few_movies_of_a_batch(
    movies: int, missing: int, *, believed: bool
) -> None:
    def rows(_: str) -> list[dict[str, int]]:
        of_batch = {"batch_no": 1, "movies": movies}
        return [of_batch | {"movie_id": n} for n in range(missing)]

    assert bool(invariants._denied(rows)) is believed
