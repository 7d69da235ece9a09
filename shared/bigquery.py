"""BigQuery: rows and statements in, rows and refusals out.

SQL names the dataset literally (tmdb_analytics.x), so that it pastes into the
console; the configured dataset is put in its place here.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from io import BytesIO
from time import sleep
from typing import Any

import requests
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import (
    BadRequest,
    Conflict,
    GoogleAPICallError,
    NotFound,
    RetryError,
)
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery

from shared import clock
from shared.bigquery_errors import Verdict, classify, is_row_transient
from shared.config import Platform, Settings
from shared.errors import (
    RowsRejectedError,
    StatementError,
    WarehouseUnavailableError,
)
from shared.interfaces import Bill, Lock, Outcome, Parameter, Refusal, Row, Rows
from shared.scripts import Scripts

DATASET_IN_FILES = "tmdb_analytics"
REQUEST_TIMEOUT_S = 60.0
"""Of one HTTP request; Google's client repeats failed ones itself up to this long."""
JOB_TIMEOUT_S = 480.0
"""Of one query or load: below the 540 s that a function has."""
ROWS_PER_APPEND = 500
"""Google's advice for one streaming request: 500 rows."""
APPENDS = 5
"""Requests for rows that are refused for a moment; the pauses between add up to 6 s."""
APPEND_PAUSE_S = 0.2
NEW_TABLE = timedelta(minutes=10)
"""So long after a table was made, streaming may answer that there is none."""
NEW_VIEW = timedelta(seconds=10)
"""So long after a view was made, its last change may be its making."""
LOAD_ATTEMPTS = 30
"""Jobs of one id that may fail; more than a message has deliveries, 20."""

_CALL_ERRORS = (
    GoogleAPICallError,
    RetryError,
    GoogleAuthError,
    requests.RequestException,
    TimeoutError,
)
"""What a call of Google's client raises for what happened outside of us."""
_RETRY = bigquery.DEFAULT_RETRY.with_timeout(REQUEST_TIMEOUT_S)
_NO_JOB_RETRY = None
"""Google's default runs a failed query again for 20 minutes, longer than a function
lives; Pub/Sub's redelivery is our retry."""
_PARAMETER_TYPES = {
    str: "STRING",
    int: "INT64",
    float: "FLOAT64",
    date: "DATE",
    datetime: "TIMESTAMP",
}


def open_client(
    project: str, emulator_url: str | None, location: str | None = None
) -> bigquery.Client:
    """Open a client of a project, on an emulator where one is named."""
    return bigquery.Client(
        project=project,
        location=location,
        credentials=AnonymousCredentials() if emulator_url else None,  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=emulator_url)
        if emulator_url
        else None,
    )


def connect(settings: Settings, platform: Platform) -> "Warehouse":
    """Open the configured dataset, on an emulator where one is named."""
    client = open_client(
        settings.project_id, platform.bigquery_emulator_url, settings.location
    )
    return Warehouse(client, settings.dataset, settings.max_bytes_billed)


class Warehouse:
    """The tables of one dataset. `max_bytes_billed` caps every single query."""

    def __init__(
        self, client: bigquery.Client, dataset: str, max_bytes_billed: int
    ) -> None:
        self._client = client
        self._dataset = dataset
        self._max_bytes_billed = max_bytes_billed

    def append(self, table: str, rows: Rows, row_ids: Sequence[str]) -> list[Refusal]:
        """Stream rows; return those that BigQuery refused, the others are written.

        `row_ids` lets BigQuery drop the second copy when a request is repeated within
        about a minute; longer-term duplicates are collapsed by the readers.
        """
        refusals: list[Refusal] = []
        for start in range(0, len(rows), ROWS_PER_APPEND):
            part = range(start, min(start + ROWS_PER_APPEND, len(rows)))
            refusals += self._append(table, rows, row_ids, part)
        return refusals

    def _append(
        self, table: str, rows: Rows, row_ids: Sequence[str], part: Sequence[int]
    ) -> list[Refusal]:
        """Stream the rows at these places, those refused for a moment several times."""
        refusals: list[Refusal] = []
        for attempt in range(APPENDS):
            if attempt:
                sleep(APPEND_PAUSE_S * 2**attempt)
            again: list[int] = []
            reason = ""
            for answer in self._insert_all(table, rows, row_ids, part):
                place = part[answer["index"]]
                reason = _reason(answer["errors"])
                if is_row_transient(answer["errors"]):
                    again.append(place)
                else:
                    refusals.append(Refusal(place, reason))
            if not again:
                return sorted(refusals, key=lambda refusal: refusal.index)
            part = again
        raise WarehouseUnavailableError(
            f"append to {table}: {len(part)} rows were refused {APPENDS} times, "
            f"the last with {reason}",
            field=table,
            hint="retried automatically",
        )

    def _insert_all(
        self, table: str, rows: Rows, row_ids: Sequence[str], part: Sequence[int]
    ) -> Sequence[Mapping[str, Any]]:
        """Send one request; return its refusals, `index` counting within `part`."""
        target = f"{self._client.project}.{self._dataset}.{table}"
        with self._errors(RowsRejectedError, f"append to {table}"):
            try:
                answer: Sequence[Mapping[str, Any]] = self._client.insert_rows_json(
                    target,
                    [rows[place] for place in part],
                    row_ids=[row_ids[place] for place in part],
                    skip_invalid_rows=True,
                    retry=_RETRY,
                    timeout=REQUEST_TIMEOUT_S,
                )
            except NotFound as error:
                # Streaming learns of a new table minutes after everybody else.
                made = self._client.get_table(target, retry=_RETRY).created
                if made is None or clock.now() - made > NEW_TABLE:
                    raise
                raise WarehouseUnavailableError(
                    f"append to {table}: made at {made:%H:%M:%S}, not yet open to "
                    f"streaming: {error}",
                    field=table,
                    hint="retried automatically, for the first minutes of a table",
                ) from error
        return answer

    def load_once(self, table: str, rows: Iterable[Row], job_id: str) -> bool:
        """Load rows by the one job of this id, all or nothing.

        Returns False when such a job has already succeeded: its rows stand, ours are
        dropped. A job of this id that failed is followed by `<job_id>_a2`, `_a3` ...
        """
        lines = BytesIO(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            create_disposition="CREATE_NEVER",
            write_disposition="WRITE_APPEND",
        )
        target = f"{self._client.project}.{self._dataset}.{table}"
        scope = self._scope()
        for attempt in range(1, LOAD_ATTEMPTS + 1):
            name = f"{scope}_{job_id}" + (f"_a{attempt}" if attempt > 1 else "")
            with self._errors(RowsRejectedError, f"load into {table}"):
                try:
                    self._client.load_table_from_file(
                        lines,
                        target,
                        rewind=True,
                        job_id=name,
                        job_config=config,
                        timeout=REQUEST_TIMEOUT_S,
                    ).result(timeout=JOB_TIMEOUT_S)
                except Conflict:
                    if self._has_succeeded(name):
                        return False
                else:
                    return True
        raise RowsRejectedError(f"every load job {job_id}* has failed", field=table)

    def select(self, sql: str, **parameters: Parameter) -> list[dict[str, Any]]:
        """Return a query's rows as dictionaries."""
        with self._errors(StatementError, "query"):
            rows = self._client.query_and_wait(
                self._localised(sql),
                job_config=self._job_config(parameters),
                api_timeout=REQUEST_TIMEOUT_S,
                wait_timeout=JOB_TIMEOUT_S,
                retry=_RETRY,
                job_retry=_NO_JOB_RETRY,  # type: ignore[arg-type]  # takes None
            )
            return [dict(row.items()) for row in rows]

    def execute(
        self, sql: str, *, timeout_s: float = JOB_TIMEOUT_S, **parameters: Parameter
    ) -> tuple[int, int]:
        """Run a statement; return rows written and bytes billed.

        At `timeout_s` BigQuery cancels it, and so do we.
        """
        config = self._job_config(parameters)
        config.job_timeout_ms = max(1, int(timeout_s * 1000))
        with self._errors(StatementError, _title(sql)):
            job = self._client.query(
                self._localised(sql),
                job_config=config,
                timeout=REQUEST_TIMEOUT_S,
                retry=_RETRY,
                job_retry=_NO_JOB_RETRY,
            )
            try:
                job.result(timeout=timeout_s)
            except TimeoutError:
                job.cancel(retry=_RETRY, timeout=REQUEST_TIMEOUT_S)
                raise
        return job.num_dml_affected_rows or 0, job.total_bytes_billed or 0

    def view_labels(self, key: str) -> dict[str, str]:
        """Return that label of each view that has it and was not edited since.

        Free metadata requests, no job: a listing, and one for each labelled view.
        CREATE OR REPLACE drops the label; an edit through the API, as the console makes
        it, keeps it and shows in the time of the last change.
        """
        dataset, labels = f"{self._client.project}.{self._dataset}", {}
        with self._errors(StatementError, "read the labels of the views"):
            listed = self._client.list_tables(
                dataset, retry=_RETRY, timeout=REQUEST_TIMEOUT_S
            )
            for item in [item for item in listed if key in item.labels]:
                # One that was deleted since, or that reads a deleted one, has none.
                with suppress(NotFound, BadRequest):
                    view = self._client.get_table(
                        item, retry=_RETRY, timeout=REQUEST_TIMEOUT_S
                    )
                    if view.modified - view.created < NEW_VIEW:
                        labels[view.table_id] = view.labels.get(key, "")
        return labels

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        """Run a script while no other of its lock runs; see scripts.py."""
        scripts = Scripts(
            self._client,
            self._dataset,
            self._scope(),
            self._max_bytes_billed,
            REQUEST_TIMEOUT_S,
            _RETRY,
        )
        with self._errors(StatementError, _title(sql)):
            return scripts.run_alone(
                self._localised(sql),
                [_parameter(*item) for item in parameters.items()],
                lock=lock,
                bill=bill,
                timeout_s=timeout_s,
            )

    def _scope(self) -> str:
        """Return what a job id begins with, so that it locks this dataset only.

        Job ids are a project's and outlive data: another dataset's job, or a job of a
        dataset of this name that was deleted since, must not be taken for ours.
        """
        with self._errors(StatementError, "read the dataset"):
            dataset = self._client.get_dataset(
                f"{self._client.project}.{self._dataset}",
                retry=_RETRY,
                timeout=REQUEST_TIMEOUT_S,
            )
        made = dataset.created
        return f"{self._dataset}_{made:%Y%m%d%H%M%S%f}" if made else self._dataset

    def _has_succeeded(self, job_id: str) -> bool:
        job = self._client.get_job(job_id, retry=_RETRY, timeout=REQUEST_TIMEOUT_S)
        try:
            job.result(timeout=JOB_TIMEOUT_S)
        except GoogleAPICallError:
            # Not being able to ask says nothing about the job.
            if job.error_result is None:
                raise
            return False
        return True

    def _localised(self, sql: str) -> str:
        if self._dataset == DATASET_IN_FILES:
            return sql
        return re.sub(rf"\b{DATASET_IN_FILES}\.", f"{self._dataset}.", sql)

    def _job_config(
        self, parameters: Mapping[str, Parameter]
    ) -> bigquery.QueryJobConfig:
        return bigquery.QueryJobConfig(
            query_parameters=[_parameter(*item) for item in parameters.items()],
            maximum_bytes_billed=self._max_bytes_billed,
        )

    @contextmanager
    def _errors(
        self, ours: type[RowsRejectedError | StatementError], doing: str
    ) -> Iterator[None]:
        """Raise `ours` for what stays, WarehouseUnavailableError for what passes."""
        try:
            yield
        except _CALL_ERRORS as error:
            known = classify(error)
            is_transient = known.verdict is Verdict.TRANSIENT
            raised = WarehouseUnavailableError if is_transient else ours
            raise raised(
                f"{doing}: {type(error).__name__}: {error}",
                field=self._dataset,
                hint=known.hint,
            ) from error


def _title(sql: str) -> str:
    """Return what a statement says it is, in its first line."""
    return sql.splitlines()[0].lstrip("- ")


def _parameter(name: str, value: Parameter) -> bigquery.ScalarQueryParameter:
    return bigquery.ScalarQueryParameter(name, _PARAMETER_TYPES[type(value)], value)


def _reason(errors: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(
        f"{error.get('location', '')}: {error.get('message') or error.get('reason')}"
        for error in errors
    )
