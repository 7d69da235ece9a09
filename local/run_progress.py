"""Wait for runs on this machine until their days are published."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from local import run_states
from local.run_states import RunState
from shared.interfaces import Tables

POLL_S = 0.6
LOG_POLL_S = 0.05

type Progress = Mapping[str, Any]
"""run_id, batches_total, batches_done and is_published of a run that is planned."""

_PROGRESS = """
SELECT
  run_id,
  MAX(IF(event = 'RUN_PLANNED', batch_count, NULL)) AS batches_total,
  COUNT(DISTINCT IF(event = 'BATCH_DONE', batch_no, NULL)) AS batches_done,
  LOGICAL_OR(event = 'METRICS_DONE') AS is_published
FROM tmdb_analytics.ingestion_log
WHERE run_id IN UNNEST(SPLIT(@run_ids, ','))
GROUP BY run_id
"""
"""The ledger's part of v_run_status: cheap enough to be queried continuously."""


class RunStuckError(Exception):
    """A run was not published in time; the text says how far it came."""


def wait_until_published(
    tables: Tables, run_ids: Sequence[str], timeout_s: float
) -> list[RunState]:
    """Wait for runs, then return their states, in the order given."""
    states = {state["run_id"]: state for state in published(tables, run_ids, timeout_s)}
    return [states[run_id] for run_id in run_ids]


def published(
    tables: Tables,
    run_ids: Sequence[str],
    timeout_s: float,
    report: Callable[[Sequence[Progress]], None] = lambda _: None,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[RunState]:
    """Yield the state of each run as soon as it is published.

    `report` is called after every query of the progress. `wait` waits for a
    number of seconds, or less if it knows that something has changed.
    """
    deadline = time.monotonic() + timeout_s
    left = set(run_ids)
    while left:
        progress = tables.select(_PROGRESS, run_ids=",".join(run_ids))
        report(progress)
        ended = {run["run_id"] for run in progress if run["is_published"]} & left
        if ended:
            yield from run_states.of_ids(tables, sorted(ended))
            left -= ended
        elif time.monotonic() > deadline:
            raise RunStuckError(
                f"not published after {timeout_s:.0f} s: {', '.join(sorted(left))}; "
                f"the ledger says {progress or 'nothing'}"
            )
        else:
            wait(POLL_S)


class MetricsLog:
    """What compute_metrics logs on this machine, read so that nothing is polled."""

    def __init__(self, logs: Path) -> None:
        self._path = logs / "compute_metrics.log"
        self._read = 0

    def wait(self, seconds: float) -> bool:
        """Wait until metrics are published or withheld; False after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if b'"metrics_' in self._new_lines():
                return True
            time.sleep(LOG_POLL_S)
        return False

    def _new_lines(self) -> bytes:
        try:
            with self._path.open("rb") as log:
                log.seek(self._read)
                text = log.read()
        except FileNotFoundError:
            return b""
        # A line that is not yet whole is read again.
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        return whole
