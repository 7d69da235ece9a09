"""A daily run of a deployment: its ledger, and the queries that its functions ran.

The jobs come from BigQuery's own list, as INFORMATION_SCHEMA.JOBS would give them: the
list is free, and the emulator has it too. Both need `roles/bigquery.resourceViewer` to
see the functions' jobs. Streaming is no job, so its seconds are in none of the numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from google.cloud import bigquery

from benchmarks.daily_run.spans import Span, kind_of, work

FUNCTIONS = ("ingest_changes", "fetch_details", "compute_metrics", "render_dashboard")

_AFTER = timedelta(minutes=2)
"""The dashboard's page is rendered after the run's last event."""
_BEFORE = timedelta(minutes=10)
"""The run is planned before its first event."""
_LEDGER = """
SELECT event, logged_at, seconds
FROM `{dataset}.ingestion_log`
WHERE run_date = @run_date AND mode = 'daily'
"""


def function_of(account: str) -> str | None:
    """Return the function that a service account belongs to, by the account's name."""
    name = account.partition("@")[0].replace("-", "_")
    return next((one for one in FUNCTIONS if name.endswith(one)), None)


def day(
    client: bigquery.Client,
    dataset: str,
    run_date: date,
    function_of: Callable[[str], str | None] = function_of,
) -> tuple[list[Span], list[Span]]:
    """Return the work and the queries of a day's daily run; none if it had none."""
    parameter = bigquery.ScalarQueryParameter("run_date", "DATE", run_date)
    config = bigquery.QueryJobConfig(query_parameters=[parameter])
    rows = client.query_and_wait(_LEDGER.format(dataset=dataset), job_config=config)
    done = work([dict(row.items()) for row in rows])
    return done, list(_queries(_jobs(client, done), function_of)) if done else []


def _jobs(client: bigquery.Client, done: Sequence[Span]) -> Iterable[Any]:
    jobs: Iterable[Any] = client.list_jobs(
        all_users=True,
        min_creation_time=min(span.began_at for span in done) - _BEFORE,
        max_creation_time=max(span.ended_at for span in done) + _AFTER,
    )
    return jobs


def _queries(
    jobs: Iterable[Any], function_of: Callable[[str], str | None]
) -> Iterator[Span]:
    """Yield the ended jobs of the functions' accounts, each script as one."""
    for job in jobs:
        function = function_of(job.user_email or "")
        if function and job.started and job.ended and not job.parent_job_id:
            query = getattr(job, "query", None)
            kind = kind_of(query) if query else job.job_type
            bytes_billed = getattr(job, "total_bytes_billed", None) or 0
            # From its creation: waiting for a slot is part of what the function waits.
            yield Span(function, job.created, job.ended, kind, bytes_billed)
