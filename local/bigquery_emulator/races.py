"""Let the emulator answer as BigQuery does when two requests meet.

In: its internals. Out: the same, one request at a time where it looks first and writes
afterwards. Pub/Sub delivers twice, and two deliveries at once are what we test.
"""

import threading

from local_bigquery.catalog import tabledata
from local_bigquery.jobs import runner
from local_bigquery.models import Job, JobConfiguration

_submitting = threading.Lock()
_streaming = threading.Lock()
_stock_submit = runner.submit
_stock_deduplicate = tabledata._deduplicate  # noqa: SLF001 - no public way

type _Rows = list[tuple[int, str | None, object]]


def mend_races() -> None:
    """Replace the two internals."""
    runner.submit = _submit
    tabledata._deduplicate = _deduplicate  # noqa: SLF001 - no public way


def _submit(
    project_id: str,
    job_id: str,
    configuration: JobConfiguration,
    upload: str | None = None,
) -> Job:
    """Accept one job of an id, and answer 409 to the second.

    Two at once were both found to be new; one then failed with 400, a duplicate key.
    """
    with _submitting:
        return _stock_submit(project_id, job_id, configuration, upload)


def _deduplicate(table: str, rows: _Rows) -> list[tuple[int, object]]:
    """Drop the rows of a repeated insert id.

    Two requests that forgot the same old id at once made one of them fail.
    """
    with _streaming:
        unique: list[tuple[int, object]] = _stock_deduplicate(table, rows)
    return unique
