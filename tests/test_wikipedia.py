"""Wikipedia on the whole local stack: from Wikidata's answer to a day's readers.

Real processes, started from the archives: what a daily run asks Wikidata, and what the
run's publication reads of the public page views.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from emulators.wikidata import MOST_IDS
from functions.compute_metrics.attention import BACKFILL_DAYS
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from local.wikipedia import CONTACT
from shared.messages import IngestRequest
from shared.runs import Mode, Run

pytestmark = pytest.mark.emulator

FIRST = date(2026, 6, 1)
MOVIES = 120
TIMEOUT_S = 90.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(
        {"TRACKED_MOVIES": str(MOVIES), "HISTORY_DAYS": "3"},
        simulator=("--seed=7", "--movies=300", f"--today={FIRST}"),
        wikipedia=True,
    )
    with Stack(tmp_path_factory.mktemp("wikipedia"), options) as running:
        body = {"mode": "initial", "run_date": FIRST.isoformat()}
        assert running.call("ingest_changes", body)[0] == 200
        ids = [Run(mode, FIRST).run_id for mode in (Mode.INITIAL, Mode.HISTORY)]
        wait_until_published(running.tables, ids, TIMEOUT_S)
        yield running


def _run_day(stack: Stack, day: date) -> None:
    stack.set_today(day)
    stack.tick(IngestRequest(Mode.DAILY, day))
    wait_until_published(stack.tables, [Run(Mode.DAILY, day).run_id], TIMEOUT_S)


def _wait_for(log: Path, text: str) -> str:
    """Return the line of a function's log that has a text, once it is there."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at:
        for line in log.read_text().splitlines():
            if text in line:
                return line
        time.sleep(0.1)
    raise AssertionError(f"{log} never says {text}")


def test_a_daily_run_reads_what_the_movies_articles_were_read(stack: Stack) -> None:
    assert stack.wikipedia
    wikidata = stack.wikipedia.wikidata
    assert wikidata.requests == []
    wikidata.throttled = 1
    days = [FIRST - timedelta(days=back) for back in range(BACKFILL_DAYS, 0, -1)]
    stack.wikipedia.publish(stack.client, days)

    _run_day(stack, FIRST)

    _wait_for(stack.logs / "compute_metrics.log", "attention_read")
    _wait_for(stack.logs / "ingest_changes.log", "articles_looked_up")
    # So small a run may be published before its articles are looked up: a repeated
    # message of the run reads what is missing.
    run = Run(Mode.DAILY, FIRST)
    body = {"run_id": run.run_id, "run_date": FIRST.isoformat()}
    assert stack.call("compute_metrics", body)[1]["status"] == "already published"
    assert CONTACT in "".join(wikidata.user_agents)
    assert len(wikidata.requests) == -(-MOVIES // MOST_IDS)
    [read] = stack.tables.select(
        "SELECT COUNT(DISTINCT day) AS days, MIN(hours) AS hours,\n"
        "  COUNT(DISTINCT movie_id) AS movies, SUM(views_mobile) AS views\n"
        "FROM tmdb_analytics.movie_attention_daily"
    )
    assert (read["days"], read["hours"]) == (BACKFILL_DAYS, 24)
    # One movie of ten has no article.
    assert 0.8 * MOVIES < read["movies"] < MOVIES
    assert read["views"] > 0


def test_the_next_day_is_published_with_both_sources_dead(stack: Stack) -> None:
    assert stack.wikipedia
    stack.wikipedia.wikidata.stop()
    stack.client.delete_dataset(
        "bigquery-public-data.wikipedia", delete_contents=True, not_found_ok=True
    )

    _run_day(stack, FIRST + timedelta(days=1))

    line = _wait_for(stack.logs / "compute_metrics.log", "attention_not_read")
    assert '"severity": "WARNING"' in line
    assert [str(one) for one in stack.dead_letters(timeout_s=0.5)] == []
