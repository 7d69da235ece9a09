"""The demo as a person starts it: it shows its work, goes on, and ends cleanly."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import processes_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.emulator


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
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stopped_demo_leaves_no_process_behind(
    tmp_path: Path, kind: signal.Signals
) -> None:
    with _demo(tmp_path) as demo:
        assert demo.stdout is not None
        said = next(line for line in demo.stdout if "up in" in line)
        assert said
        # BigQuery, TMDB, and a parent and a worker for each of three functions.
        assert len(processes_of(tmp_path)) >= 5
        demo.send_signal(kind)
        rest = demo.stdout.read()
        assert demo.wait(30) == 130
    assert "make demo" in rest
    assert processes_of(tmp_path) == []


def test_a_demo_shows_runs_and_charts_and_goes_on_the_next_time(tmp_path: Path) -> None:
    small = ("--movies=40", "--history=5", "--days=1")
    with _demo(tmp_path, *small) as demo:
        first, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, first
    for part in ("initial-2026-06-01", "daily-2026-06-01", "Gaining traction"):
        assert part in first
    with _demo(tmp_path, *small) as demo:
        second, _ = demo.communicate(timeout=120)
    assert demo.returncode == 0, second
    assert "✓ daily-2026-06-02" in second
    assert "✓ initial" not in second
    assert processes_of(tmp_path) == []
