"""Patch the emulator to handle concurrent requests and jobs as BigQuery does.

Where it checks first and writes afterwards, it now serves one request at a time,
because the tests deliver a message twice at once, as Pub/Sub may. A job ends at its
timeout even if no client waits for it, and a cancelled job stops at any step.
"""

import concurrent.futures
import contextlib
import threading
import time

import duckdb
from local_bigquery.catalog import tabledata
from local_bigquery.jobs import runner
from local_bigquery.models import Job, JobConfiguration

_CANCELLED_WITHIN_S = 5.0
_INTERRUPT_EVERY_S = 0.05

_submitting = threading.Lock()
_streaming = threading.Lock()
_stock_submit = runner.submit
_stock_deduplicate = tabledata._deduplicate  # noqa: SLF001 - no public way

type _Rows = list[tuple[int, str | None, object]]


def patch_races() -> None:
    """Replace the three internals."""
    runner.submit = _submit
    runner.cancel = _cancel
    tabledata._deduplicate = _deduplicate  # noqa: SLF001 - no public way


def _submit(
    project_id: str,
    job_id: str,
    configuration: JobConfiguration,
    upload: str | None = None,
) -> Job:
    """Accept the first job of an id, and answer 409 to the second.

    Before, of two at once both seemed new, and one failed with 400, a duplicate key.
    """
    with _submitting:
        job = _stock_submit(project_id, job_id, configuration, upload)
    if timeout_ms := configuration.jobTimeoutMs:
        _cancel_after(float(timeout_ms) / 1000, project_id, job_id)
    return job


def _cancel_after(seconds: float, project_id: str, job_id: str) -> None:
    """End a job at its timeout, which the emulator accepts but ignores."""
    running = runner._running.get((project_id, job_id))  # noqa: SLF001 - no public way
    if running is None or running.future is None:
        return
    timer = threading.Timer(seconds, _cancel, (project_id, job_id))
    timer.daemon = True
    timer.start()
    running.future.add_done_callback(lambda _: timer.cancel())


def _cancel(project_id: str, job_id: str) -> Job:
    """Interrupt a job until it ends: between two statements an interrupt is lost."""
    runner.get(project_id, job_id)
    running = runner._running.get((project_id, job_id))  # noqa: SLF001 - no public way
    give_up_at = time.monotonic() + _CANCELLED_WITHIN_S
    while running and time.monotonic() < give_up_at:
        running.cancelled = True
        with contextlib.suppress(
            duckdb.Error
        ):  # its cursor is closed: it has just ended
            if running.cursor:
                running.cursor.interrupt()
        if concurrent.futures.wait([running.future], _INTERRUPT_EVERY_S).done:
            break
    return runner.wait(project_id, job_id, 1000)


def _deduplicate(table: str, rows: _Rows) -> list[tuple[int, object]]:
    """Drop the rows of a repeated insert id.

    Before, two requests that removed the same old id at once made one of them fail.
    """
    with _streaming:
        unique: list[tuple[int, object]] = _stock_deduplicate(table, rows)
    return unique
