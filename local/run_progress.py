"""Read the state and progress of runs, and wait until they are published."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from google.cloud import bigquery

from shared.ledger import RUN_STATUS

type Status = Mapping[str, Any]

POLL_S = 0.6

_PROGRESS = """
SELECT
  run_id,
  MAX(IF(event = 'RUN_PLANNED', batch_count, NULL)) AS batches_total,
  COUNT(DISTINCT IF(event = 'BATCH_DONE', batch_no, NULL)) AS batches_done,
  LOGICAL_OR(event = 'METRICS_DONE') AS is_published
FROM tmdb_analytics.ingestion_log
WHERE run_id IN UNNEST(@run_ids)
GROUP BY run_id
"""
"""The ledger's part of v_run_status: cheap enough to be queried continuously."""

_STATES = f"SELECT * FROM ({RUN_STATUS}) WHERE run_id IN UNNEST(@run_ids)"


class RunStuckError(Exception):
    """A run was not published in time; the text says how far it came."""


def run_states(client: bigquery.Client) -> list[Status]:
    """Return every run of the ledger as v_run_status returns it, oldest first."""
    sql = f"SELECT * FROM ({RUN_STATUS}) ORDER BY run_date, started_at, run_id"
    return [dict(row.items()) for row in client.query_and_wait(sql)]


def run_state(client: bigquery.Client, run_id: str) -> Status | None:
    """Return one run as v_run_status returns it; None before it is planned."""
    parameter = bigquery.ScalarQueryParameter("run_id", "STRING", run_id)
    config = bigquery.QueryJobConfig(query_parameters=[parameter])
    sql = f"SELECT * FROM ({RUN_STATUS}) WHERE run_id = @run_id"
    rows = [dict(row.items()) for row in client.query_and_wait(sql, job_config=config)]
    return rows[0] if rows else None


def wait_until_published(
    client: bigquery.Client,
    run_ids: Sequence[str],
    timeout_s: float,
    report: Callable[[Sequence[Status]], None] = lambda _: None,
) -> list[Status]:
    """Wait for runs, then return their states, in the order given.

    `report` is called at every look with run_id, batches_total, batches_done and
    is_published of the runs that are planned.
    """
    parameter = bigquery.ArrayQueryParameter("run_ids", "STRING", run_ids)
    config = bigquery.QueryJobConfig(query_parameters=[parameter])
    deadline = time.monotonic() + timeout_s
    while True:
        rows = client.query_and_wait(_PROGRESS, job_config=config)
        progress = [dict(row.items()) for row in rows]
        report(progress)
        if sum(run["is_published"] for run in progress) == len(run_ids):
            rows = client.query_and_wait(_STATES, job_config=config)
            states = {row["run_id"]: dict(row.items()) for row in rows}
            return [states[run_id] for run_id in run_ids]
        if time.monotonic() > deadline:
            raise RunStuckError(
                f"not published after {timeout_s:.0f} s: {', '.join(run_ids)}; "
                f"the ledger says {progress or 'nothing'}"
            )
        time.sleep(POLL_S)
