"""No output has a secret: logs, answers, ledger and dead letters, with any error."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.tmdb import SIMULATED_API_KEY, SIMULATED_TOKEN
from local.run_progress import wait_until_published
from local.stack import Options, Stack
from shared.messages import INGEST_REQUESTS
from tests.stack_helpers import publish

pytestmark = pytest.mark.emulator

DAY, NEXT_DAY = "2026-06-01", "2026-06-02"
WRONG_TOKEN = "eyJhbGciOiJIUzI1NiJ9.wrong-token.abcdefghij"  # noqa: S105 - no secret
WRONG_KEY = "fedcba9876543210" * 2
FAULTS = {
    "fail_503_share": 0.15,
    "fail_500_share": 0.1,
    "reset_share": 0.1,
    "truncated_share": 0.1,
    "missing_exports": [DAY, NEXT_DAY],
    "storm_429_s": 0.5,
}


def test_no_output_of_any_process_holds_a_credential(tmp_path: Path) -> None:
    settings = {
        "TRACKED_MOVIES": "30",
        "HISTORY_DAYS": "2",
        "TMDB_RETRY_S": "4",
        # The largest allowed values.
        "LOG_LEVEL": "DEBUG",
    }
    simulator = ("--seed=3", "--movies=200", f"--today={DAY}")
    with Stack(tmp_path, Options(settings, simulator=simulator)) as stack:
        output = list(_everything_goes_wrong(stack))
        rows = stack.client.list_rows("tmdb_analytics.ingestion_log")
        output += [dict(row) for row in rows]
    logs = {log.name: log.read_text(errors="replace") for log in stack.logs.iterdir()}
    logs["bigquery"] = (tmp_path / "bigquery/emulator.log").read_text(errors="replace")
    outputs = logs | {"answers and tables": json.dumps(output, default=str)}
    for secret in (SIMULATED_TOKEN, SIMULATED_API_KEY, WRONG_TOKEN, WRONG_KEY):
        assert [name for name, text in outputs.items() if secret in text] == []


def _everything_goes_wrong(stack: Stack) -> Iterator[Any]:
    """Run days with either credential and faults, then fail; yield every output."""
    stack.steer_simulator({"faults": FAULTS})
    status, answer = stack.call("ingest_changes", {"mode": "initial", "run_date": DAY})
    yield answer
    assert status == 200, answer
    wait_until_published(stack.tables, [f"initial-{DAY}"], 90)

    _use(stack, SIMULATED_API_KEY, "ingest_changes", "fetch_details")
    daily = {"mode": "daily", "run_date": NEXT_DAY}
    stack.steer_simulator({"today": NEXT_DAY})
    status, answer = stack.call("ingest_changes", daily)
    yield answer
    assert status == 200, answer
    wait_until_published(stack.tables, [f"daily-{NEXT_DAY}"], 90)

    publish(stack, INGEST_REQUESTS, {"mode": "hourly"})
    yield [str(letter) for letter in stack.dead_letters()]

    # Longer than all retries; then credentials that TMDB refuses.
    initial = {"mode": "initial", "run_date": NEXT_DAY}
    stack.steer_simulator({"faults": {"outage_s": 300.0}})
    status, answer = stack.call("ingest_changes", initial)
    yield answer
    assert status == 503, answer
    stack.steer_simulator({"faults": {}})
    for wrong in (WRONG_TOKEN, WRONG_KEY):
        _use(stack, wrong, "ingest_changes")
        status, answer = stack.call("ingest_changes", initial)
        yield answer
        assert (status, answer["field"]) == (500, "TMDB_TOKEN_SECRET")


def _use(stack: Stack, credential: str, *functions: str) -> None:
    stack.rotate_token(credential)
    for function in functions:
        stack.functions[function].kill()
        stack.restart(function)
