"""Patch the emulator to store the states of jobs in memory and in an append-only file.

Before, it wrote each state into a table: three commits for a query and one for each
statement of a script, a third of the work of a small query. Now it appends a line to a
file, so that a crash loses nothing. The lines go into the table before jobs are listed
or INFORMATION_SCHEMA is queried, at the end, and at the first start after a crash. The
ids in the table are kept in memory too: a new one needs no query.
"""

import json
import threading
from pathlib import Path
from typing import IO, Any

from local_bigquery.engine import database
from local_bigquery.jobs import query, store
from local_bigquery.models import Job, JobConfigurationQuery

UNWRITTEN = 200
"""The most jobs that the table may lack."""
NAME = "jobs.ndjson"

type _Key = tuple[str, str]
type _Row = dict[str, str | int | None]

_KINDS = {
    "project_id": "VARCHAR",
    "job_id": "VARCHAR",
    "parent_job_id": "VARCHAR",
    "state": "VARCHAR",
    "creation_time": "BIGINT",
    "resource": "VARCHAR",
}
_WRITE = f"""
INSERT OR REPLACE INTO emulator.jobs
SELECT {", ".join(f"job.{name}" for name in _KINDS)}
FROM (SELECT unnest(from_json($lines, $kinds)) AS job)
"""
_READS_JOBS = "JOBS"
"""Part of every name of INFORMATION_SCHEMA.JOBS: the statement may read it."""
_stock_load = store.load
_stock_list = store.list_
_stock_delete = store.delete
_stock_execute = query.execute


class _Jobs:
    """The newest states of jobs that are not in the table yet."""

    def __init__(self) -> None:
        self._lines: dict[_Key, str] = {}
        self._lock = threading.RLock()
        self._file: IO[bytes] | None = None
        self._written: set[_Key] | None = None

    def _open(self) -> IO[bytes]:
        """Open the file; first write what a crash left in it into the table."""
        path = database.settings.data_dir / NAME
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):  # the crash may have cut the last line
                    job = json.loads(line)
                    self._lines[_key(job)] = line.decode().strip()
        file: IO[bytes] = path.open("ab", buffering=0)
        self.write()
        file.truncate(0)
        return file

    def close(self) -> None:
        """Write all states into the table, and delete the file."""
        self.write()
        if self._file:
            self._file.close()
            Path(self._file.name).unlink()

    def put(self, job: _Row) -> None:
        line = json.dumps(job)
        with self._lock:
            if self._file is None:
                self._file = self._open()
            self._file.write(line.encode() + b"\n")
            self._lines[_key(job)] = line
            if len(self._lines) >= UNWRITTEN:
                self.write()

    def resource(self, key: _Key) -> str | None:
        """Return a job's JSON; None if only the table may have it."""
        with self._lock:
            line = self._lines.get(key)
        return str(json.loads(line)["resource"]) if line else None

    def may_be_written(self, key: _Key) -> bool:
        """Return whether the table may have a job: a new id needs no query."""
        with self._lock:
            if self._written is None:
                keys = database.fetch("SELECT project_id, job_id FROM emulator.jobs")
                self._written = set(keys)
            return key in self._written

    def write(self) -> None:
        """Write all states into the table, then empty the file."""
        with self._lock:
            if not self._lines:
                return
            lines = f"[{','.join(self._lines.values())}]"
            with database.cursor() as cursor:
                kinds = json.dumps([_KINDS])
                cursor.execute(_WRITE, {"lines": lines, "kinds": kinds})
            if self._written is not None:
                self._written |= self._lines.keys()
            self._lines.clear()
            if self._file:
                self._file.truncate(0)


_jobs = _Jobs()


def keep_jobs() -> None:
    """Replace the store of jobs."""
    store.save = _save
    store.load = _load
    store.list_ = _list
    store.delete = _delete
    query.execute = _execute


def close_jobs() -> None:
    """Write the rest into the table, at the end of the process."""
    _jobs.close()


def _save(job: Job) -> Job:
    _jobs.put(
        {
            "project_id": job.jobReference.projectId,
            "job_id": job.jobReference.jobId,
            "parent_job_id": job.statistics.parentJobId,
            "state": job.status.state,
            "creation_time": int(job.statistics.creationTime),
            "resource": json.dumps(job.dump()),
        }
    )
    return job


def _key(job: _Row) -> _Key:
    return str(job["project_id"]), str(job["job_id"])


def _load(project_id: str, job_id: str) -> Job | None:
    resource = _jobs.resource((project_id, job_id))
    if resource is not None:
        return Job.model_validate_json(resource)
    if not _jobs.may_be_written((project_id, job_id)):
        return None
    stored: Job | None = _stock_load(project_id, job_id)
    return stored


def _list(*about: Any) -> list[Job]:  # noqa: ANN401 - as the emulator's
    _jobs.write()
    listed: list[Job] = _stock_list(*about)
    return listed


def _delete(project_id: str, job_id: str) -> None:
    _jobs.write()
    _stock_delete(project_id, job_id)


def _execute(
    cursor: object,
    project_id: str,
    job_id: str | None,
    config: JobConfigurationQuery,
    *rest: Any,  # noqa: ANN401 - as the emulator's
    **named: Any,  # noqa: ANN401 - same
) -> object:
    if _READS_JOBS in (config.query or "").upper():
        _jobs.write()
    return _stock_execute(cursor, project_id, job_id, config, *rest, **named)
