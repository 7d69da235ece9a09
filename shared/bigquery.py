"""Read and write the tables of one dataset in BigQuery.

SQL files name the dataset literally (tmdb_analytics.x), so that they can be pasted into
the console; this module replaces that name by the configured dataset's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Conflict, GoogleAPICallError
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from shared import bigquery_calls as calls
from shared.bigquery_streaming import Streaming
from shared.bigquery_views import labels_of_views
from shared.config import Platform, Settings
from shared.errors import RowsRejectedError, StatementError
from shared.interfaces import Bill, Lock, Outcome, Parameter, Refusal, Row, Rows
from shared.json_lines import compressed
from shared.scripts import Scripts

DATASET_IN_FILES = "tmdb_analytics"
LOAD_ATTEMPTS = 30
"""Failed jobs of one id before we give up; a message has 20 deliveries."""

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
        self,
        client: bigquery.Client,
        dataset: str,
        max_bytes_billed: int,
        retries: calls.Retries = calls.RETRIES,
    ) -> None:
        self._retry = retries.of_requests
        self._client = client
        self._dataset = dataset
        self._max_bytes_billed = max_bytes_billed
        self._streaming = Streaming(client, dataset, retries)

    def append(self, table: str, rows: Rows, row_ids: Sequence[str]) -> list[Refusal]:
        """Stream rows; return those that BigQuery refused, the others are written.

        `row_ids` lets BigQuery drop the second copy when a request is repeated within
        about a minute; longer-term duplicates are collapsed by the readers.
        """
        return self._streaming.append(table, rows, row_ids)

    def load_once(self, table: str, rows: Iterable[Row], job_id: str) -> bool:
        """Load rows by the one job of this id, all or nothing.

        Returns False if such a job has already succeeded: its rows are kept, and ours
        are not loaded. After a failed job of this id, `<job_id>_a2`, `_a3` ... follow.
        """
        lines = compressed(rows)
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
                        timeout=calls.REQUEST_TIMEOUT_S,
                    ).result(timeout=calls.JOB_TIMEOUT_S)
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
                page_size=calls.ROWS_OF_A_PAGE,
                api_timeout=calls.REQUEST_TIMEOUT_S,
                wait_timeout=calls.JOB_TIMEOUT_S,
                retry=self._retry,
                job_retry=calls.NO_JOB_RETRY,  # type: ignore[arg-type]  # takes None
            )
            return [dict(row.items()) for row in rows]

    def execute(
        self,
        sql: str,
        *,
        timeout_s: float = calls.JOB_TIMEOUT_S,
        **parameters: Parameter,
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
                timeout=calls.REQUEST_TIMEOUT_S,
                retry=self._retry,
                job_retry=calls.NO_JOB_RETRY,
            )
            try:
                job.result(timeout=timeout_s)
            except TimeoutError:
                job.cancel(retry=self._retry, timeout=calls.REQUEST_TIMEOUT_S)
                raise
        return job.num_dml_affected_rows or 0, job.total_bytes_billed or 0

    def view_labels(self, key: str) -> dict[str, str]:
        """Return this label of each view that has it and has not been edited since."""
        return labels_of_views(self._client, self._dataset, key)

    def run_alone(
        self,
        sql: str,
        *,
        lock: Lock,
        bill: Bill,
        timeout_s: float,
        **parameters: Parameter,
    ) -> Outcome:
        """Run a script while no other script with this lock runs; see scripts.py."""
        scripts = Scripts(
            self._client,
            self._dataset,
            self._scope(),
            self._max_bytes_billed,
            calls.REQUEST_TIMEOUT_S,
            self._retry,
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
        """Return the prefix of job ids, so that they lock this dataset only.

        Job ids belong to a project and outlive the data: a job of another dataset, or
        of a deleted dataset with the same name, must not count as ours.
        """
        with self._errors(StatementError, "read the dataset"):
            dataset = self._client.get_dataset(
                f"{self._client.project}.{self._dataset}",
                retry=self._retry,
                timeout=calls.REQUEST_TIMEOUT_S,
            )
        made = dataset.created
        return f"{self._dataset}_{made:%Y%m%d%H%M%S%f}" if made else self._dataset

    def _has_succeeded(self, job_id: str) -> bool:
        job = self._client.get_job(
            job_id, retry=self._retry, timeout=calls.REQUEST_TIMEOUT_S
        )
        try:
            job.result(timeout=calls.JOB_TIMEOUT_S)
        except GoogleAPICallError:
            # This request failed; it says nothing about the job.
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

    def _errors(
        self, ours: type[RowsRejectedError | StatementError], doing: str
    ) -> AbstractContextManager[None]:
        return calls.errors_as(ours, doing, self._dataset)


def _title(sql: str) -> str:
    """Return the first line of a statement, which names it."""
    return sql.splitlines()[0].lstrip("- ")


def _parameter(name: str, value: Parameter) -> bigquery.ScalarQueryParameter:
    return bigquery.ScalarQueryParameter(name, _PARAMETER_TYPES[type(value)], value)
