"""Other clients: the expected work, the reports, and the page."""

import json
import re
import sys
from datetime import date
from pathlib import Path

import pytest

from benchmarks.peers.__main__ import RESULTS, merged
from benchmarks.peers.cells import CLIENTS, WEATHERS, Cell, matrix
from benchmarks.peers.landing import store
from benchmarks.peers.processes import Used
from emulators import environment
from emulators.tmdb import SIMULATED_TOKEN, TmdbSimulator
from local.archives import ROOT
from tools import peers_page

TODAY = date(2026, 3, 1)


def test_the_bound_is_the_fewest_requests_at_the_rate() -> None:
    ours, polite = CLIENTS["ours: functions"], CLIENTS["ours: functions, polite"]
    # 1,000 details and 50 pages.
    assert Cell(ours).bound_s == 26.25
    assert Cell(polite).bound_s == 35
    assert Cell(ours, limit=0).bound_s is None
    # A tenth of the movies: 100 details and 5 pages.
    assert Cell(CLIENTS["predecessor"]).bound_s == pytest.approx(105 / 40)


def test_whole_pages_are_due() -> None:
    assert Cell(CLIENTS["asyncio"], movies=45).due == 60
    assert Cell(CLIENTS["predecessor"], movies=60).due == 20


def test_the_short_matrix_has_every_client_the_full_one_every_weather() -> None:
    short, full = matrix(1_000, full=False), matrix(1_000, full=True)
    assert [cell.client.name for cell in short] == list(CLIENTS)
    assert {cell.weather for cell in full} == set(WEATHERS)
    assert {(cell.limit, cell.latency_ms) for cell in full} == {
        (40, 120),
        (40, 300),
        (0, 120),
        (0, 300),
    }
    assert len(full) == len(set(full))


@pytest.mark.parametrize("name", CLIENTS)
def test_every_requirement_is_pinned(name: str) -> None:
    packages = CLIENTS[name].packages
    assert bool(packages) == (not name.startswith("ours"))
    assert all(re.fullmatch(r"[\d.a-z]+", version) for version in packages.values())


def test_a_movie_that_is_stored_twice_is_one_row(tmp_path: Path) -> None:
    out = tmp_path / "movies.db"
    assert store(out, [(1, "{}"), (2, "{}")]) == 2
    assert store(out, [(2, "{}"), (3, "{}")]) == 3


def test_a_new_result_replaces_the_one_of_its_cell() -> None:
    def row(client: str, landed: int) -> dict[str, object]:
        place = {"weather": "fine", "limit": 40, "latency_ms": 120}
        return {"client": client, "landed": landed, **place}

    old = [row("asyncio", 1), row("dlt rest_api", 2)]
    fresh = [row("asyncio", 3), row("ours: functions", 4)]
    rows = merged(old, fresh)
    assert [r["client"] for r in rows] == ["ours: functions", "asyncio", "dlt rest_api"]
    assert [r["landed"] for r in rows] == [4, 3, 2]


def test_our_client_lands_what_is_due_and_says_what_it_used(tmp_path: Path) -> None:
    used = Used()
    with TmdbSimulator(movies=300, today=TODAY, list_quirks=False) as simulator:
        command = [
            sys.executable,
            "-m",
            "benchmarks.peers.clients.ours",
            f"--url={simulator.base_url}",
            f"--token={SIMULATED_TOKEN}",
            "--rate=500",
            "--movies=40",
            f"--out={tmp_path / 'movies.db'}",
        ]
        env = environment.of_child({"PYTHONPATH": str(ROOT)})
        answer = used.run(command, env, tmp_path)
    assert (answer["landed"], answer["failure"]) == (40, "")
    assert used.wall_s >= answer["seconds"]
    assert used.cpu_s > 0
    assert used.peak_mib == answer["peak_mib"] > 10


def test_the_page_and_the_picture_are_made_of_the_results() -> None:
    rows = json.loads(RESULTS.read_text())
    page = peers_page.PAGE.read_text()
    assert page == peers_page.page(page, rows)


def test_a_row_of_the_page_is_what_was_measured() -> None:
    row = {
        "client": "dlt rest_api",
        "weather": "fine",
        "limit": 40,
        "latency_ms": 120,
        "due": 1_000,
        "landed": 0,
        "load_s": 52.5,
        "bound_s": 26.25,
        "requests": 1_269,
        "throttled": 379,
        "cpu_s": 3.84,
        "peak_mib": 126,
        "load": 20.1,
        "failure": "PipelineStepFailed",
    }
    unlimited = row | {"limit": 0, "bound_s": None, "failure": "", "landed": 1_000}
    page = peers_page.page(f"By hand.\n{peers_page.MARK}old", [row, unlimited])
    assert page.startswith("By hand.\n")
    assert "old" not in page
    beginning = (
        "| dlt rest_api, PipelineStepFailed | 52.5 | 2.00 | 0 of 1,000 | 1,269 | 379 |"
    )
    assert f"{beginning} 3.8 | 126 | 20.1 |\n" in page
    assert "## fine, no limit, 120 ms" in page
    assert "| dlt rest_api | 52.5 |  | 1,000 of 1,000 |" in page
    assert "1,000 rows lost, 379 x 429" in peers_page.picture([row])
