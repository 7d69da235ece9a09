"""Run multi-statement queries, one with the same name at a time.

BigQuery runs one job per job id: that is the lock. The jobs of a name and a UTC day are
numbered from 1 without a gap, and the next may start when the one before has ended. (A
transaction alone is no lock: two that only insert do not conflict.)

A script continues in BigQuery when the function that started it is killed. A redelivery
of the same work finds the job and waits for it, and BigQuery ends it at its timeout.

Work may be several scripts. Their jobs are its memory: a redelivery takes over each
that has succeeded, and runs none again that BigQuery refused for its cost. After
midnight, UTC, it begins again.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from google.api_core.exceptions import (
    Conflict,
    GoogleAPICallError,
    NotFound,
    RetryError,
)
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from shared import clock
from shared.bigquery_errors import OVER_COST_LIMIT
from shared.errors import DeadlineError, RangeSlowError, RunBusyError
from shared.interfaces import Bill, Lock, Outcome

_BEST_EFFORT = (GoogleAPICallError, RetryError, GoogleAuthError, OSError)
"""Errors of a cancel or a last look, which must not hide how the job ended; errors of
`requests` and timeouts are OSErrors."""
_ENDED_EARLY = ("stopped", "timeout")
"""Reasons of a job that was cancelled, or that BigQuery ended at its timeout.
https://cloud.google.com/bigquery/docs/error-messages"""
_OWNER = "owner"
"""The label with the owner of a job."""
_BEGAN = "began"
"""The label with its start, in microseconds of our own clock: the job's own times are
by Google's clock, but the start is compared with events of the ledger."""
_OVERDUE = timedelta(minutes=1)
"""A job that still runs this long after its timeout is cancelled: BigQuery does not
guarantee the timeout."""
_LOOKED_BACK = 64
"""Jobs in which a redelivery looks for its own: a range in 32 parts has as many."""
_AS_MUCH = 0.9
"""Of the time that is left now: a script that had this much had as much."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """The scripts of one dataset.

    scope: what its job ids begin with, so that they lock no other dataset.
    max_bytes_billed: of every single statement.
    request_timeout_s, retry: of one HTTP request.
    """

    client: bigquery.Client
    dataset: str
    scope: str
    max_bytes_billed: int
    request_timeout_s: float
    retry: Retry

    def run_alone(
        self,
        sql: str,
        parameters: Sequence[bigquery.ScalarQueryParameter],
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
    ) -> Outcome:
        """Run a script, or take over the one that the same owner has started."""
        chain, last, newest = self._newest(lock)
        if newest and _is_overdue(newest):
            self._cancel(newest)
            raise RunBusyError(
                f"job {newest.job_id} works on after its time limit; it is cancelled",
                field=lock.name,
                hint="retried automatically; after a manual call, call again later",
            )
        if newest and newest.state != "DONE" and not _is_of(newest, lock):
            raise RunBusyError(
                f"another computation is running: job {newest.job_id}",
                field=lock.name,
                hint="retried automatically; after a manual call, call again later",
            )
        job = self._earlier(lock, chain, last, newest)
        if job and lock.is_divisible and _had_as_much_time(job, timeout_s):
            raise RangeSlowError(
                f"job {job.job_id} had as much time for these days, and was cancelled",
                hint="a shorter range of days takes less",
            )
        if job is None or not self._is_final(job):
            job = self._start(f"{chain}{last + 1}", sql, parameters, lock, timeout_s)
        elif job is not newest:  # the delivery that went on after it has recorded it
            bill = Bill()
        began_at = datetime.fromtimestamp(int(job.labels[_BEGAN]) / 1e6, UTC)
        return Outcome(self._wait(job, bill, timeout_s), began_at)

    def _earlier(
        self, lock: Lock, chain: str, last: int, newest: bigquery.QueryJob | None
    ) -> bigquery.QueryJob | None:
        """Return the last job of the same work and owner, if there is one."""
        job, number = newest, last
        oldest = max(1, last - _LOOKED_BACK) if lock.is_redelivered else last
        while job and not _is_of(job, lock):
            number -= 1
            job = self._job(f"{chain}{number}") if number >= oldest else None
        return job

    def _is_final(self, job: bigquery.QueryJob) -> bool:
        """Return whether to take a job's result, or wait for it, not run it again."""
        if job.error_result and job.maximum_bytes_billed == self.max_bytes_billed:
            return bool(job.error_result.get("reason") == OVER_COST_LIMIT)
        return not job.error_result

    def _start(
        self,
        job_id: str,
        sql: str,
        parameters: Sequence[bigquery.ScalarQueryParameter],
        lock: Lock,
        timeout_s: float,
    ) -> bigquery.QueryJob:
        config = bigquery.QueryJobConfig(
            query_parameters=list(parameters),
            default_dataset=f"{self.client.project}.{self.dataset}",
            labels={
                _OWNER: _label(lock),
                _BEGAN: f"{clock.now().timestamp() * 1e6:.0f}",
            },
            # BigQuery then ends it even if no process is left to cancel it.
            job_timeout_ms=max(1, int(timeout_s * 1000)),
            maximum_bytes_billed=self.max_bytes_billed,
            script_options=bigquery.ScriptOptions(
                statement_byte_budget=self.max_bytes_billed
            ),
        )
        try:
            return self.client.query(
                sql,
                job_id=job_id,
                job_config=config,
                timeout=self.request_timeout_s,
                retry=self.retry,
                job_retry=None,  # Pub/Sub's redelivery is our retry.
            )
        except Conflict as error:
            raise RunBusyError(
                f"another computation began this moment: job {job_id}",
                field=lock.name,
                hint="retried automatically; after a manual call, call again later",
            ) from error

    def _wait(
        self, job: bigquery.QueryJob, bill: Bill, timeout_s: float
    ) -> list[dict[str, Any]]:
        try:
            return [dict(row.items()) for row in job.result(timeout=timeout_s)]
        except TimeoutError as error:
            self._cancel(job)
            raise _too_slow(job, timeout_s) from error
        except GoogleAPICallError as error:
            if any(one.get("reason") in _ENDED_EARLY for one in error.errors):
                raise _too_slow(job, timeout_s) from error
            raise
        finally:
            with suppress(*_BEST_EFFORT):
                job.reload(retry=self.retry, timeout=self.request_timeout_s)
            bill.add(job.total_bytes_billed)

    def _cancel(self, job: bigquery.QueryJob) -> None:
        with suppress(*_BEST_EFFORT):
            job.cancel(retry=self.retry, timeout=self.request_timeout_s)

    def _newest(self, lock: Lock) -> tuple[str, int, bigquery.QueryJob | None]:
        """Return the day's chain, its last number (0: none), and the newest job."""
        today = clock.now().astimezone(UTC).date()
        chains = [
            f"{self.scope}_{lock.name}_{day:%Y%m%d}_"
            for day in (today, today - timedelta(days=1))
        ]
        last, newest = self._end_of(chains[0])
        if newest is None:  # after midnight, a job of yesterday may still run
            _, newest = self._end_of(chains[1])
        return chains[0], last, newest

    def _end_of(self, chain: str) -> tuple[int, bigquery.QueryJob | None]:
        """Find the last job of a chain: double the number, then halve the gap."""
        last, newest, beyond = 0, None, 1
        while job := self._job(f"{chain}{beyond}"):
            last, newest, beyond = beyond, job, 2 * beyond
        while beyond - last > 1:
            middle = (last + beyond) // 2
            if job := self._job(f"{chain}{middle}"):
                last, newest = middle, job
            else:
                beyond = middle
        return last, newest

    def _job(self, job_id: str) -> bigquery.QueryJob | None:
        try:
            job = self.client.get_job(
                job_id, retry=self.retry, timeout=self.request_timeout_s
            )
        except NotFound:
            return None
        return job if isinstance(job, bigquery.QueryJob) else None


def _is_overdue(job: bigquery.QueryJob) -> bool:
    """Return whether a job still runs a minute after its timeout."""
    limit_ms = job.configuration.job_timeout_ms
    if job.state == "DONE" or limit_ms is None or job.created is None:
        return False
    created: datetime = job.created
    return clock.now() > created + timedelta(milliseconds=int(limit_ms)) + _OVERDUE


def _is_of(job: bigquery.QueryJob, lock: Lock) -> bool:
    return job.labels.get(_OWNER) == _label(lock) and _BEGAN in job.labels


def _had_as_much_time(job: bigquery.QueryJob, timeout_s: float) -> bool:
    """Return whether a job was ended early, though it had as much time."""
    is_ended = (job.error_result or {}).get("reason") in _ENDED_EARLY
    had_ms = int(job.configuration.job_timeout_ms or 0)
    return is_ended and had_ms >= _AS_MUCH * 1000 * timeout_s


def _too_slow(job: bigquery.QueryJob, timeout_s: float) -> DeadlineError:
    return DeadlineError(
        f"job {job.job_id} is cancelled: it had {timeout_s:.0f} s",
        hint="retried automatically; a shorter range of days takes less",
    )


def _label(lock: Lock) -> str:
    """Return the owner in the form of a label."""
    return re.sub(r"[^a-z0-9_-]", "-", lock.owner.lower())[:63]
