"""Wait for runs on this machine until their days are published."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from local import run_states
from local.archives import FUNCTIONS
from local.run_states import RunState
from shared.interfaces import Tables

POLL_S = 0.6
LOG_POLL_S = 0.02
QUIET_S = 30.0
"""Functions that log nothing for this long are idle, or a message was lost."""

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
    """A run was not published in time; the message shows its progress."""


def wait_until_published(
    tables: Tables, run_ids: Sequence[str], timeout_s: float
) -> list[RunState]:
    """Wait for runs, then return their states, in the order given."""
    for _ in published(tables, run_ids, timeout_s):
        pass
    return run_states.of_ids(tables, run_ids)


def published(
    tables: Tables,
    run_ids: Sequence[str],
    timeout_s: float,
    report: Callable[[Sequence[Progress]], None] = lambda _: None,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[list[str]]:
    """Yield the ids of runs as soon as they are published.

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
            yield sorted(ended)
            left -= ended
        elif time.monotonic() > deadline:
            raise RunStuckError(
                f"not published after {timeout_s:.0f} s: {', '.join(sorted(left))}; "
                f"the ledger says {progress or 'nothing'}"
            )
        else:
            wait(POLL_S)


class FunctionLogs:
    """The functions' logs on this machine: they show when a query is worthwhile."""

    def __init__(self, logs: Path) -> None:
        self._paths = [logs / f"{name}.log" for name in FUNCTIONS]
        self._read = dict.fromkeys(self._paths, 0)

    def wait(self, seconds: float, quiet_s: float = QUIET_S) -> bool:
        """Wait for a line of a log; return False if there is none for `quiet_s`.

        A line about metrics ends the wait at once. Other lines end it after `seconds`,
        because many batches end at about the same time.
        """
        began = time.monotonic()
        is_quiet = True
        while (waited := time.monotonic() - began) < quiet_s:
            lines = b"".join(map(self._new_lines, self._paths))
            is_quiet = is_quiet and not lines
            if b'"metrics_' in lines or (waited >= seconds and not is_quiet):
                return True
            time.sleep(LOG_POLL_S)
        return False

    def _new_lines(self, path: Path) -> bytes:
        try:
            with path.open("rb") as log:
                log.seek(self._read[path])
                text = log.read()
        except FileNotFoundError:
            return b""
        # An incomplete last line is read again later.
        whole = text[: text.rfind(b"\n") + 1]
        self._read[path] += len(whole)
        return whole
