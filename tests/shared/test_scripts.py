"""Scripts: the numbered job ids that are the lock, against a client that keeps jobs.

tests/functions/compute_metrics/test_publication.py does it on the embedded BigQuery.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from google.api_core.exceptions import Conflict, NotFound
from google.cloud import bigquery
from hypothesis import given
from hypothesis import strategies as st

from shared import clock
from shared.errors import RangeSlowError, RunBusyError
from shared.interfaces import Bill, Lock, Outcome
from shared.scripts import Scripts

LOCK = Lock("metrics", "20260310-20260310-17")
REDELIVERED = replace(LOCK, is_redelivered=True)
RANGE = replace(REDELIVERED, is_divisible=True)
STOPPED = {"reason": "stopped"}
TOO_MUCH = {"reason": "bytesBilledLimitExceeded"}
LIMIT = 10**9
BILLED = 700
"""Of every job."""
BEGAN_AT = datetime(2026, 3, 10, 9, 0, 0, 123_456, tzinfo=UTC)


class _KeptJob(bigquery.QueryJob):
    """A job without requests to BigQuery."""

    def result(self, *_: Any, **__: Any) -> Any:
        return [_Row()]

    def reload(self, *_: Any, **__: Any) -> None:
        """Do nothing: its state is up to date."""

    def cancel(self, *_: Any, **__: Any) -> bool:
        self._properties["status"] = {"state": "DONE", "errorResult": STOPPED}
        return True


class _Row:
    def items(self) -> Any:
        return {"written": 7}.items()


@dataclass
class FakeClient:
    """A fake client of BigQuery: its jobs in order, and the requested ids."""

    jobs: dict[str, bigquery.QueryJob] = field(default_factory=dict)
    looked_up: list[str] = field(default_factory=list)
    is_raced: bool = False
    project: str = "p"

    def add(
        self,
        job_id: str,
        state: str = "DONE",
        owner: str = "another",
        *,
        began_at: datetime = BEGAN_AT,
        created_s_ago: float = 0.0,
        time_limit_s: float = 60.0,
        error: dict[str, str] | None = None,
    ) -> None:
        """Add a job of another process."""
        job = _KeptJob(job_id, "", cast("bigquery.Client", self))  # type: ignore[no-untyped-call]
        created_ms = 1000 * (clock.now().timestamp() - created_s_ago)
        job._properties["status"] = {"state": state, "errorResult": error}
        job._properties["statistics"] = {
            "creationTime": created_ms,
            "query": {"totalBytesBilled": BILLED},
        }
        began = f"{began_at.timestamp() * 1e6:.0f}"
        job._properties["configuration"] |= {
            "labels": {"owner": owner, "began": began},
            "jobTimeoutMs": f"{1000 * time_limit_s:.0f}",
            "query": {"query": "", "maximumBytesBilled": str(LIMIT)},
        }
        self.jobs[job_id] = job

    def get_job(self, job_id: str, **_: Any) -> bigquery.QueryJob:
        self.looked_up.append(job_id)
        if job_id not in self.jobs:
            raise NotFound(job_id)  # type: ignore[no-untyped-call]
        return self.jobs[job_id]

    def query(
        self, sql: str, *, job_id: str, job_config: bigquery.QueryJobConfig, **_: Any
    ) -> bigquery.QueryJob:
        assert sql
        if self.is_raced or job_id in self.jobs:
            raise Conflict(job_id)  # type: ignore[no-untyped-call]
        assert job_config.job_timeout_ms == "60000"
        self.add(job_id)
        self.jobs[job_id]._properties["configuration"]["labels"] = job_config.labels
        return self.jobs[job_id]


def _run(
    client: FakeClient, lock: Lock = LOCK, bill: Bill | None = None, limit: int = LIMIT
) -> Outcome:
    scripts = Scripts(
        cast("bigquery.Client", client), "d", "d_1", limit, 1.0, bigquery.DEFAULT_RETRY
    )
    return scripts.run_alone(
        "SELECT 1", [], lock=lock, bill=bill or Bill(), timeout_s=60
    )


def _chain(days_ago: int = 0) -> str:
    day = clock.now().astimezone(UTC).date() - timedelta(days_ago)
    return f"d_1_metrics_{day:%Y%m%d}_"


@pytest.fixture(autouse=True)
def _not_at_midnight() -> Iterator[None]:
    before = clock.now().date()
    yield
    if clock.now().date() != before:
        pytest.skip("the UTC day changed meanwhile")


def test_the_first_script_of_a_day_is_number_1_and_the_next_2() -> None:
    client = FakeClient()
    assert _run(client).rows == [{"written": 7}]
    client.jobs[f"{_chain()}1"]._properties["configuration"]["labels"] = {}
    _run(client)
    assert list(client.jobs) == [f"{_chain()}1", f"{_chain()}2"]


@given(st.integers(0, 300))
def test_the_end_of_a_chain_is_found_in_few_steps(count: int) -> None:
    client = FakeClient()
    for number in range(1, count + 1):
        client.add(f"{_chain()}{number}")
    _run(client)
    assert list(client.jobs)[-1] == f"{_chain()}{count + 1}"
    assert len(client.looked_up) <= 2 * (count + 1).bit_length() + 2


@pytest.mark.parametrize("days_ago", [0, 1])
def test_while_another_runs_nothing_starts_not_even_past_midnight(
    days_ago: int,
) -> None:
    client = FakeClient()
    running = f"{_chain(days_ago)}1"
    client.add(running, state="RUNNING")
    with pytest.raises(RunBusyError, match=re.escape(running)):
        _run(client)
    assert list(client.jobs) == [running]


def test_the_second_of_two_simultaneous_runs_is_redelivered() -> None:
    with pytest.raises(RunBusyError, match="began this moment"):
        _run(FakeClient(is_raced=True))


@pytest.mark.parametrize("state", ["RUNNING", "DONE"])
def test_a_script_of_our_own_is_taken_over(state: str) -> None:
    client = FakeClient()
    client.add(f"{_chain()}1", state=state, owner=LOCK.owner)
    outcome = _run(client)
    assert len(client.jobs) == 1
    # By the clock of the ledger's events, not by Google's.
    assert outcome.began_at == BEGAN_AT


def test_a_script_began_when_it_was_started() -> None:
    before = clock.now()
    outcome = _run(FakeClient())
    assert before - timedelta(milliseconds=1) < outcome.began_at <= clock.now()


def test_a_script_that_does_not_say_when_it_began_is_not_taken_over() -> None:
    """One that an older version of the function started."""
    client = FakeClient()
    client.add(f"{_chain()}1", owner=LOCK.owner)
    del client.jobs[f"{_chain()}1"]._properties["configuration"]["labels"]["began"]
    _run(client)
    assert len(client.jobs) == 2


@pytest.mark.parametrize("owner", [LOCK.owner, "another"])
def test_a_script_that_ignores_its_time_limit_is_cancelled(owner: str) -> None:
    client = FakeClient()
    client.add(f"{_chain()}1", state="RUNNING", owner=owner, created_s_ago=121)
    with pytest.raises(RunBusyError, match="cancelled"):
        _run(client)
    assert client.jobs[f"{_chain()}1"].error_result == STOPPED
    # The redelivery can run.
    assert _run(client).rows == [{"written": 7}]
    assert len(client.jobs) == 2


def test_a_script_within_its_time_limit_and_a_minute_is_left_alone() -> None:
    client = FakeClient()
    client.add(f"{_chain()}1", state="RUNNING", created_s_ago=119)
    with pytest.raises(RunBusyError, match="another computation is running"):
        _run(client)
    assert client.jobs[f"{_chain()}1"].state == "RUNNING"


def test_a_script_of_our_own_that_failed_is_run_again() -> None:
    client = FakeClient()
    client.add(f"{_chain()}1", owner=LOCK.owner)
    client.jobs[f"{_chain()}1"]._properties["status"]["errorResult"] = {"reason": "x"}
    _run(client)
    assert len(client.jobs) == 2


def _after_two_parts(**first: Any) -> FakeClient:
    """Return the jobs of work whose first part is followed by two others' jobs."""
    client = FakeClient()
    client.add(f"{_chain()}1", owner=LOCK.owner, **first)
    client.add(f"{_chain()}2", owner="of the same message, other days")
    client.add(f"{_chain()}3", owner="another")
    return client


def test_a_redelivery_takes_over_each_part_and_counts_its_bytes_no_second_time() -> (
    None
):
    client = _after_two_parts()
    bill = Bill()
    assert _run(client, REDELIVERED, bill).began_at == BEGAN_AT
    assert (len(client.jobs), bill.bytes_billed, bill.jobs) == (3, 0, 0)
    # Of the newest job it is not known whether anything has recorded it.
    del client.jobs[f"{_chain()}2"], client.jobs[f"{_chain()}3"]
    _run(client, REDELIVERED, bill)
    assert (len(client.jobs), bill.bytes_billed, bill.jobs) == (1, BILLED, 1)


def test_a_first_delivery_looks_at_the_newest_job_only() -> None:
    client = _after_two_parts()
    _run(client, LOCK)
    assert len(client.jobs) == 4


@pytest.mark.parametrize(("others", "is_found"), [(64, True), (65, False)])
def test_a_redelivery_looks_back_so_far(others: int, *, is_found: bool) -> None:
    client = FakeClient()
    client.add(f"{_chain()}1", owner=LOCK.owner)
    for number in range(2, 2 + others):
        client.add(f"{_chain()}{number}")
    _run(client, REDELIVERED)
    assert (len(client.jobs) == 1 + others) == is_found


@pytest.mark.parametrize(
    ("error", "limit", "is_run"),
    [
        # Under the same limit BigQuery says the same.
        (TOO_MUCH, LIMIT, False),
        (TOO_MUCH, 2 * LIMIT, True),
        ({"reason": "backendError"}, LIMIT, True),
    ],
)
def test_what_was_refused_for_its_cost_is_not_run_again_under_the_same_limit(
    error: dict[str, str], limit: int, *, is_run: bool
) -> None:
    client = _after_two_parts(error=error)
    _run(client, RANGE, limit=limit)
    assert (len(client.jobs) == 4) == is_run


@pytest.mark.parametrize("reason", ["stopped", "timeout"])
@pytest.mark.parametrize(
    ("lock", "time_limit_s", "is_run"),
    [
        (RANGE, 60.0, False),
        (RANGE, 54.0, False),
        # It was the last part of a delivery, and had little time.
        (RANGE, 53.0, True),
        # One day has no parts.
        (REDELIVERED, 60.0, True),
    ],
)
def test_a_range_that_had_as_much_time_is_not_run_again_as_a_whole(
    lock: Lock, time_limit_s: float, reason: str, *, is_run: bool
) -> None:
    client = _after_two_parts(error={"reason": reason}, time_limit_s=time_limit_s)
    if is_run:
        _run(client, lock)
    else:
        with pytest.raises(RangeSlowError, match=f"{_chain()}1 had as much time"):
            _run(client, lock)
    assert (len(client.jobs) == 4) == is_run
