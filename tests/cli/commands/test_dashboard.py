"""dashboard: the page of stored data, and the browser that is started for it or not."""

import json
import os
import pty
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from tests.cli.demo_data import as_demo
from tests.conftest import ROOT

pytestmark = pytest.mark.emulator

DAY = date(2026, 3, 20)


@pytest.fixture(scope="module")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store a published day of one movie as a demo does."""
    data = tmp_path_factory.mktemp("data")
    with as_demo(data) as sandbox:
        run = {"run_id": f"daily-{DAY}", "run_date": str(DAY), "batch_no": 1}
        movie = {"movie_id": 1, "title": "The <b>Long</b> Night", "popularity": 20.0}
        votes = {"vote_count": 9, "vote_average": 7.5}
        open_deployment = {
            "fetched_at": f"{DAY}T09:00:00Z",
            "answered_at": f"{DAY}T09:00:00Z",
        }
        sandbox.load("movie_details_raw", [run | movie | votes | open_deployment])
        sandbox.compute(DAY, DAY)
        sandbox.publish(DAY, DAY)
        plan = {"mode": "daily", "batch_count": 1, "movie_ids": [1]}
        sandbox.load("batch_plan", [run | plan | {"created_at": f"{DAY}T09:00:00Z"}])
    return data


def _browser(folder: Path) -> tuple[dict[str, str], Path]:
    """Return an environment with a display, and the record of its browser."""
    given = folder / "given"
    program = folder / "browser"
    program.write_text(f"#!/bin/sh\necho \"$1\" > '{given}'\n")
    program.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    for name in ("PROJECT", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    return env | {"DISPLAY": ":9", "BROWSER": f"{program} %s &"}, given


def _on_a_terminal(env: Mapping[str, str], *words: str) -> str:
    """Run the command on a new terminal; return its output."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "cli", "dashboard", *words],
        cwd=ROOT,
        env=dict(env),
        stdout=theirs,
        stderr=theirs,
    ) as command:
        os.close(theirs)
        printed = b""
        try:
            while part := os.read(ours, 65_536):
                printed += part
        except OSError:
            pass  # how Linux reports the end of the terminal
        assert command.wait(60) == 0, printed.decode()
    os.close(ours)
    return printed.decode()


def test_on_a_terminal_with_a_display_the_page_is_opened(
    demo_data: Path, tmp_path: Path
) -> None:
    env, given = _browser(tmp_path)
    out = tmp_path / "page.html"
    text = _on_a_terminal(env, f"--out={out}", f"--data={demo_data}")
    assert f"The dashboard of {DAY}: {out.as_uri()} (opened in your" in text
    deadline = time.monotonic() + 10
    while not given.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert given.read_text().strip() == out.as_uri()
    page = out.read_text()
    assert "The &lt;b&gt;Long&lt;/b&gt; Night" in page
    assert "the stored data" in page


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (["--no-open"], {}),
        pytest.param([], {"CI": "true"}, marks=pytest.mark.exhaustive),
        pytest.param(
            [],
            {"DISPLAY": ""},
            marks=[
                pytest.mark.exhaustive,
                pytest.mark.skipif(
                    sys.platform != "linux",
                    reason="elsewhere there is always a display",
                ),
            ],
        ),
        # A text browser would take over the terminal.
        pytest.param([], {"BROWSER": "w3m"}, marks=pytest.mark.exhaustive),
    ],
)
def test_without_anybody_to_see_it_the_page_is_only_written(
    words: list[str], more: dict[str, str], demo_data: Path, tmp_path: Path
) -> None:
    env, given = _browser(tmp_path)
    out = tmp_path / "page.html"
    text = _on_a_terminal(env | more, f"--out={out}", f"--data={demo_data}", *words)
    assert out.as_uri() in text
    assert "opened" not in text
    assert out.is_file()
    assert not given.exists()


def test_json_names_the_file_and_its_day_and_opens_no_browser(
    demo_data: Path,
) -> None:
    answer = CliRunner().invoke(
        app, ["dashboard", "--json", f"--data={demo_data}"], env={"PROJECT": None}
    )
    assert answer.exit_code == 0, answer.output
    page = demo_data / "dashboard.html"
    assert json.loads(answer.output) == {"file": str(page), "snapshot_date": str(DAY)}
    assert page.is_file()


@pytest.mark.parametrize("out", ["/dev/null", "nowhere/page.html"])
def test_a_page_is_written_where_a_file_can_be(out: str, demo_data: Path) -> None:
    answer = CliRunner().invoke(
        app, ["dashboard", f"--out={out}", f"--data={demo_data}"], env={"PROJECT": None}
    )
    assert answer.exit_code == 2
    assert "--out" in answer.output


def test_before_any_published_day_the_page_says_what_is_missing(tmp_path: Path) -> None:
    with as_demo(tmp_path):
        pass
    answer = CliRunner().invoke(
        app, ["dashboard", f"--data={tmp_path}"], env={"PROJECT": None}
    )
    assert answer.exit_code == 3
    assert "no day is published" in answer.output
    assert "</html>" in (tmp_path / "dashboard.html").read_text()
