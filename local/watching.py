"""Watching runs: run ids in, their state out, until all are published.

Asks the body of v_run_status, as the functions do; this is all that `published`
means.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.cloud import bigquery

from shared.ledger import RUN_STATUS

type Status = Mapping[str, Any]

POLL_S = 0.3


class RunStuckError(Exception):
    """A run was not published in time; the text says how far it came."""


def run_states(client: bigquery.Client) -> list[Status]:
    """Return every run of the ledger, oldest first."""
    sql = f"SELECT * FROM ({RUN_STATUS}) ORDER BY run_date, started_at, run_id"
    return [dict(row.items()) for row in client.query_and_wait(sql)]


def wait_until_published(
    client: bigquery.Client,
    run_ids: Sequence[str],
    timeout_s: float,
    report: Callable[[Sequence[Status]], None] = lambda _: None,
) -> list[Status]:
    """Wait for runs; `report` is called with their states at every look."""
    wanted = ", ".join(f"'{run_id}'" for run_id in run_ids)
    sql = f"SELECT * FROM ({RUN_STATUS}) WHERE run_id IN ({wanted}) ORDER BY run_id"
    deadline = time.monotonic() + timeout_s
    while True:
        states = [dict(row.items()) for row in client.query_and_wait(sql)]
        report(states)
        published = [state for state in states if state["is_published"]]
        if len(published) == len(run_ids):
            return states
        if time.monotonic() > deadline:
            far = {state["run_id"]: state["state"] for state in states}
            raise RunStuckError(
                f"not published after {timeout_s:.0f} s: {', '.join(run_ids)}; "
                f"the ledger says {far or 'nothing'}"
            )
        time.sleep(POLL_S)
