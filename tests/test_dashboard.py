"""The dashboard: the page of a published day, with real processes.

All tests share a stack with a load; a test that needs another day runs one more.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from emulators.storage import StorageEmulator
from local import run_states
from local import topics as local_topics
from local.archives import DASHBOARD
from local.run_progress import wait_until_published
from local.stack import BUCKET, PAGE, Options, Stack
from shared.messages import DASHBOARD_REQUESTS, IngestRequest
from shared.runs import Mode, Run

pytestmark = pytest.mark.emulator

FIRST = date(2026, 6, 1)
TIMEOUT_S = 90.0
MOVIES = 20


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a pipeline with a dashboard, in which one day is published."""
    settings = {"TRACKED_MOVIES": str(MOVIES), "HISTORY_DAYS": "2"}
    simulator = ("--seed=3", "--movies=100", f"--today={FIRST}")
    options = Options(settings, simulator, dashboard=True)
    with Stack(tmp_path_factory.mktemp("stack"), options) as stack:
        stack.tick(IngestRequest(Mode.INITIAL, FIRST))
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(stack.tables, ids, TIMEOUT_S)
        yield stack


def _run_day(stack: Stack, day: date) -> None:
    stack.set_today(day)
    stack.tick(IngestRequest(Mode.DAILY, day))
    wait_until_published(stack.tables, [Run(Mode.DAILY, day).run_id], TIMEOUT_S)


def _known(stack: Stack) -> dict[str, Any]:
    """Return the metadata of the page; {} if there is none."""
    assert stack.storage
    url = f"{stack.storage.url}/storage/v1/b/{BUCKET}/o/{PAGE}"
    answer = requests.get(url, timeout=10)
    known: dict[str, Any] = answer.json() if answer.ok else {}
    return known


def _day_of(known: dict[str, Any]) -> str | None:
    day: str | None = known.get("metadata", {}).get("snapshot_date")
    return day


def _wait_for(what: str, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not is_there():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.2)


def _wait_for_page(stack: Stack, day: date) -> dict[str, Any]:
    _wait_for(f"page of {day}", lambda: _day_of(_known(stack)) == str(day))
    return _known(stack)


def test_a_published_day_has_a_page_and_the_next_day_replaces_it(stack: Stack) -> None:
    first = _wait_for_page(stack, FIRST)
    assert first["contentType"] == "text/html; charset=utf-8"
    assert first["cacheControl"] == "private, no-cache"
    page = requests.get(stack.page_url, timeout=10).text
    assert "Monday 1 June 2026" in page
    assert "simulated movies" in page
    _run_day(stack, FIRST + timedelta(1))
    second = _wait_for_page(stack, FIRST + timedelta(1))
    assert int(second["generation"]) > int(first["generation"])
    assert "Tuesday 2 June 2026" in requests.get(stack.page_url, timeout=10).text


def test_a_request_of_an_older_day_or_one_redelivered_renders_the_newest(
    stack: Stack,
) -> None:
    _wait_for_page(stack, FIRST + timedelta(1))
    for _ in range(2):
        before = _known(stack)["generation"]
        status, answer = stack.call(DASHBOARD, {"snapshot_date": str(FIRST)})
        assert (status, answer["status"]) == (200, "rendered")
        assert answer["snapshot_date"] == str(FIRST + timedelta(1))
        assert _known(stack)["generation"] > before


def test_a_request_that_means_nothing_is_refused_by_field_or_parked(
    stack: Stack,
) -> None:
    status, answer = stack.call(DASHBOARD, {"day": str(FIRST)})
    assert (status, answer["field"]) == (400, "day")
    with local_topics.publisher(stack.pubsub_address) as topics:
        path = local_topics.topic_path(DASHBOARD_REQUESTS)
        topics.publish(path, b"{}").result(10)
    [letter] = stack.dead_letters()
    assert letter.attributes["function"] == DASHBOARD
    assert letter.attributes["source_topic"] == DASHBOARD_REQUESTS
    assert letter.attributes["field"] == "snapshot_date"


def test_while_the_store_is_dead_days_are_published_and_the_page_comes_after(
    stack: Stack,
) -> None:
    assert stack.storage
    day = FIRST + timedelta(2)
    port = int(stack.storage.url.rpartition(":")[2])
    folder = stack.logs.parent / "storage"
    stack.storage.stop()
    _run_day(stack, day)
    log = stack.functions[DASHBOARD].log
    _wait_for("deferred delivery", lambda: _is_deferred(log))
    state = run_states.of_id(stack.tables, Run(Mode.DAILY, day).run_id)
    assert state
    assert state["state"] == "PUBLISHED"
    stack.storage = StorageEmulator(folder, [BUCKET], port)
    with stack.storage:
        # Pub/Sub delivers the same request again.
        _wait_for_page(stack, day)


def _is_deferred(log: Path) -> bool:
    text = log.read_text()
    return "delivery_deferred" in text and "StorageUnavailableError" in text
