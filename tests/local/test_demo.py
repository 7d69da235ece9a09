"""The demo as a user starts it: it shows its progress, continues, and ends cleanly."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from local import demo_plan, tables
from shared.runs import Mode, Run
from tests.machine import processes_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.emulator

PATIENCE_S = 400
"""Several times the duration of a small demo on a busy machine."""


@contextmanager
def _demo(data: Path, *options: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "local.demo", f"--data={data}", *options]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        try:
            yield demo
        finally:
            demo.kill()


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
@pytest.mark.parametrize(
    "kind",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.exhaustive),
        pytest.param(signal.SIGHUP, marks=pytest.mark.exhaustive),
    ],
)
def test_a_stopped_demo_leaves_no_process_behind(
    tmp_path: Path, kind: signal.Signals
) -> None:
    with _demo(tmp_path) as process:
        assert process.stdout is not None
        line_up = next(line for line in process.stdout if "up in" in line)
        assert line_up
        # BigQuery, TMDB, and a parent and a worker for each function.
        assert len(processes_of(tmp_path)) >= 5
        process.send_signal(kind)
        rest = process.stdout.read()
        assert process.wait(30) == 130
    assert "make demo" in rest
    assert processes_of(tmp_path) == []


def _lose_the_messages_of(run: Run, data: Path) -> None:
    """Leave a run as after a kill: planned, and its messages lost with the emulator."""
    before = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    about = {"run_id": run.run_id, "run_date": str(run.run_date), "mode": run.mode}
    with tables.emulated(data / "simulated/bigquery") as client:
        sql = "SELECT movie_id FROM tmdb_analytics.tracked_movies"
        ids = [row["movie_id"] for row in client.query_and_wait(sql)]
        plan = {"batch_no": 1, "batch_count": 1, "movie_ids": ids, "created_at": before}
        event = {"event": "RUN_PLANNED", "batch_count": 1, "expected": len(ids)}
        for table, row in (
            ("batch_plan", about | plan),
            ("ingestion_log", about | event | {"logged_at": before}),
        ):
            assert client.insert_rows_json(f"tmdb_analytics.{table}", [row]) == []


def test_a_demo_shows_runs_and_charts_and_goes_on_the_next_time(tmp_path: Path) -> None:
    small = ("--movies=40", "--history=5", "--days=1")
    with _demo(tmp_path, *small) as demo:
        first, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, first
    for part in ("initial-2026-06-01", "daily-2026-06-01", "Gaining traction"):
        assert part in first
    # The first movies are shown before the metrics are computed.
    assert first.index("Fetched, the most") < first.index("✓ initial-2026-06-01")
    page = tmp_path / "simulated/dashboard.html"
    assert f"The dashboard: {page.as_uri()}" in first
    assert "2026-06-01" in page.read_text()
    _lose_the_messages_of(Run(Mode.DAILY, date(2026, 6, 2)), tmp_path)
    with _demo(tmp_path, *small) as demo:
        second, _ = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, second
    assert "✓ daily-2026-06-02" in second
    assert "✓ initial" not in second
    assert "Fetched" not in second
    assert "2026-06-02" in page.read_text()
    # Its export came late: it is published twice, and the changes are shown.
    assert "✓ history-2026-06-02-2026-06-02" in second
    revised = re.search(
        r"2026-06-02: the lists of this day changed .+ moved.*\.", second
    )
    assert revised, second
    assert revised[0].partition(" lists ")[2] in page.read_text()
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize(("today", "days"), [(9, 3), (3, 3), (2, 2), (1, 1)], ids=str)
def test_the_demo_runs_no_day_after_today(today: int, days: int) -> None:
    found = demo_plan.days_to_run(date(2026, 6, 1), 3, date(2026, 6, today))
    assert found == [date(2026, 6, n) for n in range(1, days + 1)]


def test_a_demo_that_has_reached_today_runs_nothing() -> None:
    assert demo_plan.days_to_run(date(2026, 6, 2), 3, date(2026, 6, 1)) == []
