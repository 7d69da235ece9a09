"""`python -m emulators.tmdb` starts, says so, and ends on a signal."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from emulators.tmdb import SIMULATED_TOKEN

ROOT = Path(__file__).parents[3]


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "emulators.tmdb", *options]


def test_it_serves_until_sigterm() -> None:
    options = "--port=0 --seed=7 --movies=3000 --today=2026-03-01 --rate-limit=40"
    faults = "--latency-ms=1 --fail-503-share=0.02 --missing-exports=2026-03-01"
    began = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own program
        command(*options.split(), *faults.split()),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        started_s = time.monotonic() - began
        url = line.removeprefix("listening on ").strip()
        state = requests.get(f"{url}/_sim/state", timeout=5).json()
        answer = requests.get(
            f"{url}/3/authentication",
            headers={"Authorization": f"Bearer {SIMULATED_TOKEN}"},
            timeout=5,
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert process.stdout.read() == ""
    assert line.startswith("listening on http://127.0.0.1:")
    assert started_s < 6, "2 s on an idle machine"
    assert (state["movies"], state["rate_limit"], state["latency_ms"]) == (3000, 40, 1)
    assert state["faults"]["fail_503_share"] == 0.02
    assert state["faults"]["missing_exports"] == ["2026-03-01"]
    assert answer.status_code in {200, 503}


def test_a_wrong_option_is_explained() -> None:
    for option, named in (
        ("--fail-503-share=2", "fail_503_share"),
        ("--malformed-movies=7=sour", "malformed_movies"),
    ):
        ended = subprocess.run(  # noqa: S603 - our own program
            command("--port=0", "--movies=300", "--today=2026-03-01", option),
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 2
        assert named in ended.stderr
